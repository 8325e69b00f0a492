/**
 * Listing progressively: where a list of every tool would fill a model's context, `tools/list` shows two tools, by
 * which the others are found and called (ADR 37).
 *
 * The list is the same for all requests of a caller: MCP 2026-07-28 forbids one that grows with what was found
 * before (Tools, Capabilities). So what was found is called through `call_tool`, by clients that call listed tools
 * alone; or by its own name, by the others. Both are the same call.
 */
import { isRecord, type JsonObject } from '#kernel';
import { LONGEST_QUERY, LONGEST_TAG, MOST_FOUND, MOST_TAGS, USUALLY_FOUND } from '#registry';
import type { Group, Tool, Violation } from '#toolbox';
import { argumentsInvalid } from '../pipeline/check-arguments.ts';

/** What a list says of a tool that is none of the toolbox. */
export type ListedTool = Pick<Tool, 'name' | 'title' | 'description' | 'inputSchema' | 'outputSchema' | 'annotations'> &
  Partial<Pick<Tool, 'secureInputSchema' | 'scopesRequired' | '_meta' | 'otherMembers' | 'entry'>>;

export const FIND_TOOLS: ListedTool = {
  name: 'find_tools',
  title: 'Find tools',
  description:
    'Finds tools by what they are for. Most tools of this server are not listed: search here first, with the words of the task. Gives the definition of each tool found, the best first; call it with `call_tool`.',
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        maxLength: LONGEST_QUERY,
        description: 'What the tool is to do, in a few words: `list tables`, `refund a payment`.',
      },
      tags: {
        type: 'array',
        items: { type: 'string', maxLength: LONGEST_TAG },
        maxItems: MOST_TAGS,
        description: 'Tags that the tool must have, each of them.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: MOST_FOUND,
        default: USUALLY_FOUND,
        description: 'How many tools to give at most.',
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      tools: {
        type: 'array',
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, description: { type: 'string' }, inputSchema: { type: 'object' } },
          required: ['name', 'description', 'inputSchema'],
        },
        description: 'Definitions, as `tools/list` would show them.',
      },
      total: { type: 'integer', description: 'How many tools there are that fit, those beyond the limit too.' },
    },
    required: ['tools', 'total'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
};

export const CALL_TOOL: ListedTool = {
  name: 'call_tool',
  title: 'Call a tool',
  description:
    'Calls a tool that `find_tools` found, by its name. `arguments` are those that its `inputSchema` describes; the answer is the answer of that tool.',
  inputSchema: {
    type: 'object',
    properties: {
      // Proxies that go by headers see which tool it is, as they do for a call by its name.
      name: { type: 'string', description: 'The name of the tool.', 'x-mcp-header': 'Tool' },
      arguments: { type: 'object', description: 'The arguments of the tool.' },
    },
    required: ['name'],
    additionalProperties: false,
  },
  outputSchema: undefined,
  // It is as dangerous as the most dangerous tool behind it.
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
};

/** What clients are told beside a list that is not whole. */
export const FINDING = `Where \`${FIND_TOOLS.name}\` is listed, most tools are not: it finds them, and \`${CALL_TOOL.name}\` calls them.`;

/** Whether tools of that group may be found instead of listed; `usual` is what the server says of all groups. */
export const isFoundIn = (group: Group, usual: number): boolean => Number.isFinite(group.progressiveFrom ?? usual);

/** What a list of the group shows: of `listed`, the tools that the caller sees. */
export function shownTools(listed: Group, usual: number): readonly (Tool | ListedTool)[] {
  const { tools } = listed;
  if (tools.length < (listed.progressiveFrom ?? usual)) return tools;
  // Arguments that are repeated in headers only a client repeats that knows the definition beforehand.
  return [FIND_TOOLS, CALL_TOOL, ...tools.filter(({ inputSchema }) => repeatsArguments(inputSchema))];
}

function repeatsArguments({ properties }: JsonObject): boolean {
  if (!isRecord(properties)) return false;
  return Object.values(properties).some(
    (property) => isRecord(property) && (property['x-mcp-header'] !== undefined || repeatsArguments(property)),
  );
}

/** A call as its tool is to get it. */
export interface NamedCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** The call that the arguments of `call_tool` ask for. Throws `ARGUMENTS_INVALID`. */
export function calledThrough(args: JsonObject): NamedCall {
  const { name, arguments: passed = {}, ...unknown } = args;
  const violations: Violation[] = Object.keys(unknown).map((path) => ({ path, message: 'is no parameter' }));
  if (typeof name !== 'string') violations.push({ path: 'name', message: 'must be the name of a tool' });
  if (!isRecord(passed)) violations.push({ path: 'arguments', message: 'must be an object' });
  if (violations.length > 0) throw argumentsInvalid(CALL_TOOL.name, violations);
  return { name: name as string, arguments: passed as JsonObject };
}
