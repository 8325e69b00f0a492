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
import { Client, StreamableHTTPClientTransport, UnauthorizedError, type Tool } from '@modelcontextprotocol/client';
import { authOf, type ScenarioContext } from './client-auth.ts';
import { Keeper } from './clients/keeper.ts';
import { answered, remote } from './gateway.ts';
import { Person } from './person.ts';

/** Where the gateway is that scenarios share. */
export interface SharedGateway {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
  /** Somebody with a password there. */
  readonly person: string;
}

const STATELESS = '2026-07-28';
/** Scenarios whose server has no tool, or none that may be there. */
const WITHOUT_TOOLS: ReadonlySet<string> = new Set(['initialize', 'request-metadata', 'json-schema-ref-no-deref']);
/** The tool that leads to the account, until the tools of the server are known. */
const CONNECTING = 'connect_account';
const PATIENCE_MS = 30_000;

const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_PROTOCOL_VERSION: revision } = process.env;
const gateway = JSON.parse(process.env['CONFORMANCE_GATEWAY'] ?? '{}') as SharedGateway;
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as ScenarioContext;
const name = scenario.replaceAll('/', '-');
const door = new URL(`${gateway.url}/mcp/s/default/${name}`);
const asks = scenario.startsWith('auth/');

const document = join(gateway.folder, `${name}.yaml`);
await writeFile(document, remote(name, process.argv.at(-1) ?? '', asks ? authOf(scenario, context) : ''));
try {
  // The reload that brings the server, and its first answer.
  await answered(gateway.url, [name]);
  await (asks ? useInTheirName() : use());
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
  const headers = { Authorization: `Bearer ${gateway.key}` };
  await client.connect(new StreamableHTTPClientTransport(door, { requestInit: { headers } }));
  await act(client);
  await client.close();
}

/** Lets a client in, connects the account at the scenario's server when that is asked for, and calls what there is. */
async function useInTheirName(): Promise<void> {
  const person = Person.elsewhere(new URL(gateway.url), gateway.person);
  const keeper = new Keeper();
  keeper.saveClientInformation({ client_id: 'end-user' });
  const client = new Client(
    { name: 'end-user', version: '1.0.0' },
    { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: { pin: STATELESS } } },
  );
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    await person.connect((params as { readonly url: string }).url);
    return { action: 'accept' };
  });
  const transport = () => new StreamableHTTPClientTransport(door, { authProvider: keeper });
  const first = transport();
  try {
    await client.connect(first);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await first.finishAuth((await person.letIn(keeper.sentTo?.href ?? '')).searchParams);
    await client.connect(transport());
  }
  if (scenario === 'auth/authorization-server-migration') await connectTwice(client);
  else await call(client, CONNECTING);
  await act(client);
  await client.close();
}

/**
 * The server names another authorization server as soon as it was used: the account of the first does not count any
 * more. The person tries again, when what the server says of itself is asked for anew.
 */
async function connectTwice(client: Client): Promise<void> {
  await call(client, CONNECTING).catch(() => {});
  await pause(6_000);
  await call(client, CONNECTING);
}

async function act(client: Client): Promise<void> {
  const tools = await offered(client);
  switch (scenario) {
    case 'tools_call':
      await call(client, 'add_numbers', { a: 5, b: 3 });
      break;
    case 'json-schema-2020-12-preservation': {
      const focal = tools.find((tool) => tool.name === 'json_schema_2020_12_tool');
      await call(client, 'json_schema_echo', { schema: focal?.inputSchema });
      break;
    }
    default:
      for (const { name: tool, arguments: args } of context.toolCalls ?? tools.map(simplest))
        await call(client, tool, args);
  }
  const offers = client.getServerCapabilities() ?? {};
  if (offers.prompts !== undefined)
    for (const prompt of (await client.listPrompts()).prompts) await client.getPrompt({ name: prompt.name });
  if (offers.resources !== undefined)
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
}

async function call(client: Client, tool: string, args: Record<string, unknown> = {}): Promise<void> {
  const { isError, content } = await client.callTool({ name: tool, arguments: args });
  if (isError === true) throw new Error(`\`${tool}\` failed: ${JSON.stringify(content)}`);
}

/** The tools, when they are there: what a server has answered is taken up a moment later. */
async function offered(client: Client): Promise<readonly Tool[]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const tools = (await client.listTools()).tools.filter((tool) => tool.name !== CONNECTING);
    if (tools.length > 0 || WITHOUT_TOOLS.has(scenario)) return tools;
    if (Date.now() > until) throw new Error('the tools of the server are not there');
    await pause(50);
  }
}

/** The call of a tool with some text for every argument that it needs. */
function simplest({ name: tool, inputSchema: { required = [] } }: Tool) {
  return { name: tool, arguments: Object.fromEntries(required.map((argument) => [argument, 'something'])) };
}
