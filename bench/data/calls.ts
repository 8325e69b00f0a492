/** The calls that are measured, and what is right to answer them. */
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import type { Call } from '../load/exchanges.ts';
import { HOTELS, hotel } from './hotels.ts';
import { toolName } from './tools.ts';

/** How many different requests a scenario sends in turn. */
const DIFFERENT = 1000;

interface RpcAnswer<Result> {
  readonly id: unknown;
  readonly result: Result;
}

type ToolAnswer = RpcAnswer<{ readonly content: readonly { readonly text: string }[]; readonly isError?: boolean }>;

/** Calls of hotels far apart, spread over the first `tools` tools. */
function spreadCalls(tools: number, make: (id: number, tool: string) => Call): readonly Call[] {
  return Array.from({ length: DIFFERENT }, (_, at) => make(((at * 7919) % HOTELS) + 1, toolName(at % tools)));
}

/** MCP `tools/call` without a session, as clients of the 2025 revisions may. */
export const mcpCalls = (tools: number): readonly Call[] =>
  spreadCalls(tools, (id, name) => ({
    path: '/mcp',
    body: rpc(id, 'tools/call', { name, arguments: { id } }),
    judge: (answer) => judgeRow(id, answer as ToolAnswer),
  }));

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** MCP `tools/call` of the stateless revision, with the headers that repeat the body. */
export const statelessCalls = (tools: number): readonly Call[] =>
  spreadCalls(tools, (id, name) => ({
    path: '/mcp',
    headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': name },
    body: rpc(id, 'tools/call', { name, arguments: { id }, _meta: META }),
    judge: (answer) => judgeRow(id, answer as ToolAnswer),
  }));

/** The tool of the echo server, at the door of that server; what it says is the same whatever it is told. */
export const echoCalls = (path: string): readonly Call[] =>
  Array.from({ length: DIFFERENT }, (_, id) => ({
    path,
    headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' },
    body: rpc(id, 'tools/call', { name: 'echo', arguments: { text: `number ${id}` }, _meta: META }),
    judge: (answer) => {
      const { id: echoed, result } = answer as ToolAnswer;
      strictEqual(echoed, id);
      strictEqual(result.isError ?? false, false, result.content[0]?.text);
      match(result.content[0]?.text ?? '', /^Whoever asks the mountain/);
    },
  }));

export const restCalls = (tools: number): readonly Call[] =>
  spreadCalls(tools, (id, name) => ({
    path: `/api/tool/${name}/invoke`,
    body: JSON.stringify({ id }),
    judge: (answer) => deepStrictEqual(JSON.parse((answer as { result: string }).result), [hotel(id)]),
  }));

/** `tools/list` of a configuration of `tools` tools, which fit one page. */
export const listCalls = (tools: number): readonly Call[] =>
  Array.from({ length: 8 }, (_, id) => ({
    path: '/mcp',
    body: rpc(id, 'tools/list', {}),
    judge: (answer) => {
      const { id: echoed, result } = answer as RpcAnswer<{ readonly tools: readonly { readonly name: string }[] }>;
      strictEqual(echoed, id);
      deepStrictEqual(
        result.tools.map((tool) => tool.name),
        Array.from({ length: tools }, (_, at) => toolName(at)),
      );
    },
  }));

const rpc = (id: number, method: string, params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

function judgeRow(id: number, { id: echoed, result }: ToolAnswer): void {
  strictEqual(echoed, id);
  strictEqual(result.isError ?? false, false, result.content[0]?.text);
  deepStrictEqual(
    result.content.map((item) => JSON.parse(item.text) as unknown),
    [hotel(id)],
  );
}
