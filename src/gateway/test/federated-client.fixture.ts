/** The official SDK's client of either era, with somebody behind it who answers. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonObject } from '#kernel';
import { ALICE } from './gateway.fixture.ts';
import type { Era } from '../../../test/mcp-upstream.ts';

export interface Person {
  readonly client: Client;
  readonly logs: JsonObject[];
  readonly news: string[];
  /** What was asked, in order. */
  readonly asked: string[];
  call(name: string, args?: JsonObject, options?: Parameters<Client['callTool']>[1]): Promise<JsonObject>;
  close(): Promise<void>;
}

const EVERYTHING: JsonObject = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

export async function person(
  url: string,
  era: Era,
  {
    capabilities = EVERYTHING,
    key = ALICE,
    name = 'Ada',
  }: { capabilities?: JsonObject; key?: string; name?: string } = {},
): Promise<Person> {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities, ...(era === 'stateless' && { versionNegotiation: { mode: { pin: '2026-07-28' } } }) },
  );
  const [logs, news, asked]: [JsonObject[], string[], string[]] = [[], [], []];
  if (capabilities['elicitation'] !== undefined)
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      asked.push(`${params.mode ?? 'form'}: ${params.message}`);
      return params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { who: name } };
    });
  if (capabilities['sampling'] !== undefined)
    client.setRequestHandler('sampling/createMessage', async () => {
      asked.push('sampling');
      return { role: 'assistant', model: 'm', content: { type: 'text', text: name } };
    });
  if (capabilities['roots'] !== undefined)
    client.setRequestHandler('roots/list', async () => {
      asked.push('roots');
      return { roots: [{ uri: `file:///${name}` }] };
    });
  client.setNotificationHandler('notifications/message', ({ params }) => void logs.push(params as JsonObject));
  for (const list of ['tools', 'prompts', 'resources'] as const)
    client.setNotificationHandler(`notifications/${list}/list_changed`, () => void news.push(list));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void news.push(params.uri));
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${key}` } } }),
  );
  return {
    ...{ client, logs, news, asked },
    call: async (tool, args = {}, options) =>
      (await client.callTool({ name: tool, arguments: args }, options)) as unknown as JsonObject,
    close: () => client.close(),
  };
}

/** What the text of an answer says as JSON. */
export const saidIn = (result: JsonObject): unknown =>
  JSON.parse(((result['content'] as JsonObject[])[0] as { text: string }).text);
