/** Tools made in code: each does one thing that a door must carry. */
import type { ClientFace } from '#contract';
import { err, type JsonObject } from '#kernel';
import type { Tool, ToolOutput } from '#toolbox';
import { testTool } from '../../../test/test-tool.ts';

export { testTool };

const text = (value: string): ToolOutput => ({ kind: 'content', content: [{ type: 'text', text: value }] });

/** Calls that `wait` has begun and their signals, so that a test can see a cancellation arrive. */
export const waiting: { readonly aborted: Promise<void> }[] = [];

export const TOOLS: readonly Tool[] = [
  testTool({ name: 'echo', run: async (args) => text(JSON.stringify(args)) }),
  testTool({ name: 'rows', run: async () => ({ kind: 'rows', rows: [{ id: 1 }, { id: 2 }] }) }),
  testTool({
    name: 'cut',
    run: async () => ({ kind: 'rows', rows: [{ id: 1 }], truncated: { by: 'maxRows', limit: 1 } }),
  }),
  testTool({ name: 'none', run: async () => ({ kind: 'rows', rows: [] }) }),
  testTool({
    name: 'scoped',
    run: async () => text('in scope'),
    overrides: { scopesRequired: ['read:cities'] },
  }),
  testTool({
    name: 'two_scopes',
    run: async () => text('never'),
    overrides: { scopesRequired: ['read:cities', 'write:cities'] },
  }),
  testTool({ name: 'google_only', run: async () => text('never'), overrides: { authRequired: ['my-google'] } }),
  testTool({
    name: 'picky',
    run: async () => text('never'),
    overrides: {
      check: () =>
        err([
          { path: 'city', message: 'must be a string' },
          { path: 'limit', message: 'must be at most 10' },
        ]),
    },
  }),
  testTool({
    name: 'secretive',
    run: async (args) => text(JSON.stringify(args)),
    overrides: { secureParameters: ['pin'] },
  }),
  testTool({
    name: 'mirrored',
    run: async (args) => text(JSON.stringify(args)),
    overrides: {
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
        },
      },
    },
  }),
  testTool({
    name: 'progress',
    run: async (_, { client }) => {
      for (const step of [1, 2, 2, 3]) client.progress(step, 3, `step ${step}`);
      client.log('info', { note: 'half way' });
      client.log('debug', 'detail');
      return text('done');
    },
  }),
  testTool({ name: 'greet', run: async (_, { client }) => text(await greeting(client)) }),
  testTool({
    name: 'wait',
    run: (_, { signal }) => {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      waiting.push({ aborted });
      return aborted.then(() => Promise.reject(signal.reason as Error));
    },
  }),
  testTool({ name: 'broken', run: () => Promise.reject(new Error('a secret detail of the inside')) }),
];

async function greeting(client: ClientFace): Promise<string> {
  const first = await client.request(
    {
      name: {
        method: 'elicitation/create',
        params: {
          mode: 'form',
          message: 'Who?',
          requestedSchema: { type: 'object', properties: { who: { type: 'string' } } },
        },
      },
    },
    { asked: 1 },
  );
  const second = await client.request({
    mood: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } },
  });
  const answered = (answer: JsonObject | undefined): Record<string, string> =>
    (answer?.['content'] ?? {}) as Record<string, string>;
  return `${answered(first['name'])['who']} is ${answered(second['mood'])['text']}`;
}
