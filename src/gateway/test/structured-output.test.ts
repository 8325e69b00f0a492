/** `structuredContent` is what `outputSchema` promises, or the answer is a failure (MCP, Tools, Output Schema). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonObject } from '#kernel';
import type { ToolOutput } from '#toolbox';
import {
  ALICE,
  post,
  postStateless,
  snapshotOf,
  startGateway,
  testTool,
  type RunningGateway,
} from './gateway.fixture.ts';

const CITY: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, inhabitants: { type: 'integer', minimum: 0 } },
  required: ['name', 'inhabitants'],
};
const LIST: JsonObject = { type: 'array', items: CITY };
const WRAPPED: JsonObject = { type: 'object', properties: { rows: LIST }, required: ['rows'] };
const basel = { name: 'Basel', inhabitants: 177_000 };
const wrong = { name: 'Basel', inhabitants: 'many' };
const text = [{ type: 'text' as const, text: 'Basel' }];
const rows = (...list: (typeof basel | typeof wrong)[]): ToolOutput => ({ kind: 'rows', rows: list });

const good: [name: string, schema: JsonObject, output: ToolOutput, structured: unknown][] = [
  ['one_row', CITY, rows(basel), basel],
  ['wrapped_rows', WRAPPED, rows(basel), { rows: [basel] }],
  ['no_rows_of_a_list', WRAPPED, rows(), { rows: [] }],
  ['listed_rows', LIST, rows(basel), [basel]],
  ['a_value', { type: 'integer' }, { kind: 'value', value: 7 }, 7],
  ['a_null', { type: 'null' }, { kind: 'value', value: null }, null],
  ['content', CITY, { kind: 'content', content: text, structuredContent: basel }, basel],
];
const bad: [name: string, schema: JsonObject, output: ToolOutput, says: RegExp][] = [
  ['a_wrong_row', CITY, rows(wrong), /`inhabitants` must be integer/],
  ['a_wrong_row_in_a_list', WRAPPED, rows(basel, wrong), /`rows\[1\]\.inhabitants` must be integer/],
  ['no_row_at_all', CITY, rows(), /found no row/],
  ['a_wrong_value', { type: 'integer' }, { kind: 'value', value: 'seven' }, /must be integer/],
  [
    'a_missing_member',
    CITY,
    { kind: 'content', content: text, structuredContent: { name: 'Basel' } },
    /`inhabitants` is missing/,
  ],
  ['none', CITY, { kind: 'content', content: text }, /gave no structured content/],
  ['a_foreign_schema', { $ref: 'https://evil.test/schema.json' }, { kind: 'value', value: 1 }, /schema cannot be used/],
];
const failure: ToolOutput = { kind: 'content', content: text, isError: true };

const tools = [
  ...[...good, ...bad].map(([name, outputSchema, output]) =>
    testTool({ name, run: async () => output, overrides: { outputSchema } }),
  ),
  testTool({ name: 'reports_failure', run: async () => failure, overrides: { outputSchema: CITY } }),
  testTool({
    name: 'promises_nothing',
    run: async () => ({ kind: 'content', content: text, structuredContent: wrong }),
  }),
];

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway({}, snapshotOf(tools));
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

const call = async (name: string): Promise<JsonObject> =>
  ((await (await postStateless(url, 'tools/call', { name })).json()) as { result: JsonObject }).result;
const callInSession = async (name: string): Promise<JsonObject> => {
  const response = await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } });
  return ((await response.json()) as { result: JsonObject }).result;
};

describe('an answer that fits its schema', () => {
  it.each(good)('%s carries it as structuredContent', async (name, _, __, structured) => {
    const result = await call(name);
    expect(result['structuredContent']).toEqual(structured);
    expect(result['isError']).toBeUndefined();
  });

  it.each(good)(
    '%s carries only an object to a client of 2025, which knows no other',
    async (name, _, __, structured) => {
      const isObject = typeof structured === 'object' && structured !== null && !Array.isArray(structured);
      expect((await callInSession(name))['structuredContent']).toEqual(isObject ? structured : undefined);
    },
  );

  it('is taken by the official client, which checks it again', async () => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { Authorization: `Bearer ${ALICE}` } },
    });
    await client.connect(transport);
    await client.listTools();
    for (const [name] of good) expect(await client.callTool({ name })).toMatchObject({ content: expect.anything() });
    await client.close();
  });
});

describe('an answer that does not fit', () => {
  it.each(bad)('%s is a failure that says where, not an answer', async (name, _, __, says) => {
    for (const result of [await call(name), await callInSession(name)]) {
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(says) }] });
      expect(result['structuredContent']).toBeUndefined();
    }
    expect(running.reports.at(-1)?.outcome).toMatch(/^(OUTPUT_INVALID|TOOL_FAILED)$/);
  });

  it('is no matter where the tool itself says that it failed, or promises nothing', async () => {
    expect(await call('reports_failure')).toMatchObject({ isError: true, content: text });
    expect(await call('promises_nothing')).toMatchObject({ structuredContent: wrong });
  });
});
