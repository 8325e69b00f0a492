/**
 * What the suite runs for each of its `client` scenarios, with the URL of the scenario's server as the last argument:
 * puts that server behind the running gateway by a document of its own, waits for it, and does in front of the gateway
 * what the scenario wants of the person at a client. Ends with 1 when that could not be done.
 *
 *   scenario's server ── gateway (`CONFORMANCE_GATEWAY`, shared by all scenarios) ── this
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import { answered, remote } from './gateway.ts';

/** Where the gateway is that scenarios share. */
export interface SharedGateway {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
}

const STATELESS = '2026-07-28';
/** Scenarios whose server has no tool, or none that may be there. */
const WITHOUT_TOOLS: ReadonlySet<string> = new Set(['initialize', 'request-metadata', 'json-schema-ref-no-deref']);
const PATIENCE_MS = 30_000;

const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_PROTOCOL_VERSION: revision } = process.env;
const gateway = JSON.parse(process.env['CONFORMANCE_GATEWAY'] ?? '{}') as SharedGateway;
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
};
const name = scenario.replaceAll('/', '-');

const document = join(gateway.folder, `${name}.yaml`);
await writeFile(document, remote(name, process.argv.at(-1) ?? ''));
try {
  // The reload that brings the server, and its first answer.
  await answered(gateway.url, [name]);
  await use();
} finally {
  // The scenario ends when nobody is connected to its server any more.
  await rm(document);
}

async function use(): Promise<void> {
  const client = new Client(
    { name: 'end-user', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      ...(revision === STATELESS && { versionNegotiation: { mode: { pin: STATELESS } } }),
    },
  );
  // Fills in nothing: a client that applies defaults does.
  client.setRequestHandler('elicitation/create', () => Promise.resolve({ action: 'accept', content: {} }));
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/s/default/${name}`), {
      requestInit: { headers: { Authorization: `Bearer ${gateway.key}` } },
    }),
  );
  await act(client);
  await client.close();
}

async function act(client: Client): Promise<void> {
  const tools = await offered(client);
  const call = (tool: string, args: Record<string, unknown> = {}) => client.callTool({ name: tool, arguments: args });
  switch (scenario) {
    case 'tools_call':
      await call('add_numbers', { a: 5, b: 3 });
      break;
    case 'json-schema-2020-12-preservation': {
      const focal = tools.find((tool) => tool.name === 'json_schema_2020_12_tool');
      await call('json_schema_echo', { schema: focal?.inputSchema });
      break;
    }
    default:
      for (const { name: tool, arguments: args } of context.toolCalls ?? tools.map(simplest)) await call(tool, args);
  }
  const offers = client.getServerCapabilities() ?? {};
  if (offers.prompts !== undefined)
    for (const prompt of (await client.listPrompts()).prompts) await client.getPrompt({ name: prompt.name });
  if (offers.resources !== undefined)
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
}

/** The tools, when they are there: what a server has answered is taken up a moment later. */
async function offered(client: Client): Promise<readonly Tool[]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { tools } = await client.listTools();
    if (tools.length > 0 || WITHOUT_TOOLS.has(scenario)) return tools;
    if (Date.now() > until) throw new Error('the tools of the server are not there');
    await pause(50);
  }
}

/** The call of a tool with some text for every argument that it needs. */
function simplest({ name: tool, inputSchema: { required = [] } }: Tool) {
  return { name: tool, arguments: Object.fromEntries(required.map((argument) => [argument, 'something'])) };
}
