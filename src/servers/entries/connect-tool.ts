import { prefixOf } from '#contract';
import { ok } from '#kernel';
import { runWithin, toolboxError, type Tool, type ToolBody } from '#toolbox';
import { federatedTool } from './tool.ts';
import type { Asker } from './asker.ts';

const THEIR_NAME = 'connect_account';

/**
 * What stands in the place of the tools of a server that answers each caller by themselves, as long as none has come:
 * whoever calls it is led to what is missing, and its tools are there afterwards. It asks the server for its lists and
 * does nothing else.
 */
export function connectTool(asker: Asker): { readonly tool: Tool; readonly theirName: string } {
  const { declaration } = asker;
  const name = prefixOf(declaration) + THEIR_NAME;
  const title = `Connect ${declaration.name}`;
  const description = `Connects your account at the MCP server \`${declaration.name}\`. Its tools are there afterwards: list the tools again.`;
  const body: ToolBody = {
    run: async (_, context) => {
      const count = await asker.connect(context);
      const text = `\`${declaration.name}\` is connected and offers ${count} tools. List the tools again to see those that you may call.`;
      return { kind: 'content', content: [{ type: 'text', text }] };
    },
  };
  const shape = federatedTool(
    {
      ...{ theirName: THEIR_NAME, name, title, description, raw: {}, _meta: undefined, otherMembers: undefined },
      ...{ inputSchema: { type: 'object', additionalProperties: false }, outputSchema: undefined },
      annotations: { readOnlyHint: true, openWorldHint: true },
    },
    asker,
  );
  const tool: Tool = {
    ...shape,
    seenBy: () => true,
    mayWrite: () => false,
    check: () => ok({}),
    run(args, call) {
      if (!asker.enter())
        return Promise.reject(toolboxError('TOOL_RELOADED', `a reload took the server of \`${name}\` away`));
      const limits = { timeoutMs: declaration.timeout, maxRows: Infinity, maxBytes: Infinity, readOnly: true };
      return runWithin(name, body, args, call, limits, () => asker.leave());
    },
  };
  return { tool, theirName: THEIR_NAME };
}
