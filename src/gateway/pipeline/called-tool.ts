import type { ChatelaineError } from '#kernel';
import type { Tool } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { CallRequest } from './call-request.ts';
import { toolsOf, visibleTo } from './visible.ts';

/** The tool that is called. Throws `TOOL_UNKNOWN`. */
export function resolveTool(request: CallRequest): Tool {
  const tool = toolsOf(visibleTo(request.principal, request.group)).get(request.name);
  if (tool === undefined) throw unknownTool(request.name);
  return tool;
}

export const unknownTool = (name: string): ChatelaineError =>
  gatewayError('TOOL_UNKNOWN', `no tool is called \`${name}\``);

/** All missing scopes at once, so that one step-up suffices (MCP 2026-07-28, Authorization). */
export function checkScopes({ principal, guard }: CallRequest, tool: Tool): void {
  if (tool.scopesRequired.length === 0 || tool.scopesRequired.every((scope) => principal.scopes.has(scope))) return;
  const door = guard?.challenge;
  throw gatewayError('INSUFFICIENT_SCOPE', `insufficient scopes for tool \`${tool.name}\``, {
    details: { scopes: [...new Set([...(door?.scopes ?? []), ...tool.scopesRequired])], metadata: door?.metadata },
  });
}
