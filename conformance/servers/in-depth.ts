/**
 * What goes beyond listing and calling, with the official client of either era in front: progress, questions to the
 * client, prompts, resources, completion; and what a server that shows files must not show.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ServerProcess } from '../server-process.ts';

export type ClientEra = 'stateless' | 'session';

/** A name that says what is true, and what rejects when it is not. */
export interface Step {
  readonly says: string;
  readonly holds: () => Promise<void>;
}

export async function connectClient(
  gateway: ServerProcess,
  name: string,
  era: ClientEra,
  roots: readonly string[],
): Promise<Client> {
  const client = new Client(
    { name: 'conformance', version: '1.0.0' },
    {
      capabilities: { sampling: {}, elicitation: { form: {} }, ...(roots.length > 0 && { roots: {} }) },
      ...(era === 'stateless' && { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    },
  );
  client.setRequestHandler('sampling/createMessage', () =>
    Promise.resolve({ role: 'assistant', model: 'mute', content: { type: 'text', text: 'the model said so' } }),
  );
  client.setRequestHandler('elicitation/create', () =>
    Promise.resolve({ action: 'accept', content: { name: 'Ada Lovelace' } }),
  );
  if (roots.length > 0)
    client.setRequestHandler('roots/list', () => Promise.resolve({ roots: roots.map((uri) => ({ uri })) }));
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/s/default/${name}`), {
      requestInit: { headers: { Authorization: `Bearer ${gateway.key}` } },
    }),
  );
  return client;
}

/** What `server-everything` can do. */
export const ofEverything = (client: Client): readonly Step[] => [
  {
    says: 'progress comes in order, and none after the answer',
    async holds() {
      const heard: unknown[] = [];
      const args = { duration: 0.4, steps: 4 };
      await client.callTool(
        { name: 'trigger-long-running-operation', arguments: args },
        { onprogress: ({ progress }) => void heard.push(progress) },
      );
      heard.push('answer');
      expectSame(heard, [1, 2, 3, 4, 'answer']);
    },
  },
  {
    says: 'its question to the model is answered',
    async holds() {
      const said = await call(client, 'trigger-sampling-request', { prompt: 'Who says so?', maxTokens: 10 });
      expectText(said, 'the model said so');
    },
  },
  {
    says: 'its question to the person is answered',
    holds: async () => expectText(await call(client, 'trigger-elicitation-request', {}), 'Ada Lovelace'),
  },
  {
    says: 'structured content comes through',
    async holds() {
      const { structuredContent } = await client.callTool({
        name: 'get-structured-content',
        arguments: { location: 'New York' },
      });
      if (structuredContent === undefined) throw new Error('there is none');
    },
  },
  {
    says: 'a prompt is filled in',
    async holds() {
      const { messages } = await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Bern' } });
      expectText(JSON.stringify(messages), 'Bern');
    },
  },
  {
    says: 'a resource of a template is read',
    async holds() {
      const { contents } = await client.readResource({ uri: 'demo://resource/dynamic/text/1' });
      expectText(JSON.stringify(contents), 'Resource 1');
    },
  },
  {
    says: 'arguments are completed',
    async holds() {
      const { completion } = await client.complete({
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'department', value: 'E' },
      });
      expectSame(completion.values, ['Engineering']);
    },
  },
];

/** What `server-filesystem` refuses, whatever the client says that its roots are (MCP-036). */
export const ofFilesystem = (client: Client, shown: string): readonly Step[] =>
  [`${shown}/../kept.txt`, '/etc/passwd', `${shown}/%2e%2e/kept.txt`, `${shown}/note.txt/../../kept.txt`].map(
    (path, at) => ({
      says: `a way out of its folder is refused, number ${at + 1} (MCP-036)`,
      async holds() {
        const { isError, content } = await client.callTool({ name: 'read_text_file', arguments: { path } });
        const text = JSON.stringify(content);
        if (isError !== true || /nobody may read|root:/.test(text)) throw new Error(`it was read: ${text}`);
      },
    }),
  );

async function call(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const text = JSON.stringify(content);
  if (isError === true) throw new Error(`it failed: ${text}`);
  return text;
}

function expectText(text: string, wanted: string): void {
  if (!text.includes(wanted)) throw new Error(`\`${wanted}\` is not in ${text.slice(0, 500)}`);
}

function expectSame(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`found ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
