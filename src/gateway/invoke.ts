/** `chatelaine invoke`: one call by the local user through the same pipeline as every other door. */
import type { Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { Tool, ToolboxSnapshot } from '#toolbox';
import { gatewayError } from './errors.ts';
import { noClient } from './mcp/client-face.ts';
import type { Pipeline } from './pipeline/call.ts';
import { shapeForMcp, type CallToolResult } from './pipeline/shape-mcp.ts';

export async function invokeLocally(options: {
  pipeline: Pipeline;
  snapshot: ToolboxSnapshot;
  principal: Principal;
  name: string;
  arguments: JsonObject;
  signal: AbortSignal;
}): Promise<CallToolResult> {
  const { pipeline, snapshot, principal, name, signal } = options;
  const view = snapshot.namespaces.get(principal.namespace);
  if (view === undefined) throw gatewayError('TOOL_UNKNOWN', `the namespace \`${principal.namespace}\` has no tools`);
  const output = await pipeline.call({
    door: 'invoke',
    requestId: 'invoke',
    principal,
    view,
    group: view.all,
    name,
    arguments: options.arguments,
    secureArguments: undefined,
    client: noClient,
    signal,
  });
  return shapeForMcp(view.tools.get(name) as Tool, output);
}
