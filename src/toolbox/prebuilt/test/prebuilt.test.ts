import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { postgresDatabase } from '../../../../test/postgres.ts';
import { openPrebuilt } from '../../../../test/prebuilt.ts';
import { redisMissing, startRedis } from '../../../../test/redis.ts';
import { testCall } from '../../test/toolbox.fixture.ts';
import type { Toolbox } from '../../toolbox.ts';
import type { ToolOutput } from '../../tools/tool-type.ts';
import { PREBUILT_NAMES, prebuiltInputs } from '../index.ts';

const directory = mkdtempSync(join(tmpdir(), 'chatelaine-prebuilt-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function toolsOf(wanted: readonly string[], env?: Readonly<Record<string, string>>) {
  const toolbox = await openPrebuilt(wanted, directory, env);
  const view = toolbox.current().namespaces.get('default');
  await toolbox.close();
  return { tools: [...(view?.tools.values() ?? [])], toolsets: [...(view?.groups.keys() ?? [])] };
}

/** Calls tools one after another with what is required of them; a failure names its tool. */
async function callAll(
  toolbox: Toolbox,
  args: Readonly<Record<string, JsonObject>>,
): Promise<Record<string, ToolOutput>> {
  const outputs: Record<string, ToolOutput> = {};
  for (const [name, raw] of Object.entries(args)) {
    const tool = toolbox.current().namespaces.get('default')?.tools.get(name);
    const checked = tool?.check(raw);
    if (!tool || !checked?.ok) throw new Error(`\`${name}\`: ${JSON.stringify(checked)}`);
    try {
      outputs[name] = await tool.run(checked.value, testCall());
    } catch (error) {
      throw new Error(`\`${name}\`: ${(error as Error).message}`, { cause: error });
    }
  }
  return outputs;
}

it.each([
  ['postgres', 29, ['data', 'monitor', 'health', 'view-config', 'replication']],
  ['mysql', 9, ['data', 'monitor']],
  ['sqlite', 2, ['sqlite_database_tools']],
  ['duckdb', 2, ['data']],
  ['redis', 11, ['read', 'write']],
])('%s is a complete configuration, every tool described and in a toolset', async (name, count, toolsets) => {
  const built = await toolsOf([name]);
  expect(built.tools.filter((tool) => tool.description.length < 20)).toEqual([]);
  expect(built.tools).toHaveLength(count);
  expect(built.toolsets).toEqual(expect.arrayContaining(toolsets));
});

it('calls what only reads by its name', async () => {
  const { tools } = await toolsOf(['postgres', 'redis']);
  const writing = tools.filter((tool) => tool.annotations.readOnlyHint !== true).map((tool) => tool.name);
  expect(writing.toSorted()).toEqual(['delete', 'execute_sql', 'expire', 'set']);
});

it('says every missing variable at once', async () => {
  await expect(toolsOf(['postgres', 'redis'], {})).rejects.toThrow(
    /POSTGRES_DATABASE[^]*POSTGRES_USER[^]*POSTGRES_PASSWORD[^]*REDIS_ADDRESS/,
  );
});

it('leaves out what is in none of the toolsets asked for', async () => {
  const { tools, toolsets } = await toolsOf(['postgres/replication', 'postgres/monitor', 'redis/write']);
  expect(tools.map((tool) => tool.name)).toContain('list_locks');
  expect(tools.map((tool) => tool.name)).not.toContain('execute_sql');
  expect(tools).toHaveLength(6 + 6 + 3);
  expect(toolsets.toSorted()).toEqual(['monitor', 'replication', 'write']);
});

it('gives all of it where one of several options wants all', async () => {
  expect((await toolsOf(['redis/write', 'redis'])).tools).toHaveLength(11);
});

it('says every wrong name at once, and what would be right', async () => {
  expect(await prebuiltInputs(['postgras', 'oracle', 'mysql/dta'], '.')).toEqual({
    ok: false,
    error: [
      'there is no prebuilt configuration `postgras`; did you mean `postgres`?',
      `there is no prebuilt configuration \`oracle\`; there are ${PREBUILT_NAMES.join(', ')}`,
      'the prebuilt configuration `mysql` has no toolset `dta`; it has data, monitor',
    ],
  });
});

const CREATE = { sql: 'CREATE TABLE city (id INTEGER PRIMARY KEY, name VARCHAR(50))' };

it.each(['sqlite', 'duckdb'])('%s answers with the tools it promises', async (name) => {
  const toolbox = await openPrebuilt([name], directory);
  const { list_tables } = await callAll(toolbox, { execute_sql: CREATE, list_tables: { output_format: 'simple' } });
  expect(list_tables).toMatchObject({ rows: [{ object_name: 'city' }] });
  await toolbox.close();
});

it('postgres answers with every tool, given only what is required', async () => {
  const database = await postgresDatabase();
  const toolbox = await openPrebuilt(['postgres'], directory, {
    POSTGRES_HOST: database.host,
    POSTGRES_PORT: String(database.port),
    POSTGRES_DATABASE: database.database,
    POSTGRES_USER: database.user,
    POSTGRES_PASSWORD: database.password,
    POSTGRES_QUERY_PARAMS: 'sslmode=disable',
  });
  const names = [...(toolbox.current().namespaces.get('default')?.tools.keys() ?? [])];
  // The one that needs an extension, which the server must be started with.
  const rest = names.filter((name) => name !== 'list_query_stats' && name !== 'execute_sql');
  const required: Record<string, JsonObject> = {
    get_query_plan: { query: 'SELECT * FROM city WHERE id = 1' },
    get_column_cardinality: { table_name: 'city', schema_name: 'public' },
  };
  const outputs = await callAll(toolbox, {
    execute_sql: CREATE,
    ...Object.fromEntries(rest.map((name) => [name, required[name] ?? {}])),
  });
  expect(outputs['get_query_plan']).toMatchObject({ rows: [{ 'QUERY PLAN': [{ Plan: expect.anything() }] }] });
  expect(outputs['list_memory_configurations']).toMatchObject({
    rows: expect.arrayContaining([expect.objectContaining({ name: 'work_mem', setting: '4MB' })]),
  });
  await expect(callAll(toolbox, { get_query_plan: { query: 'SELECT 1; DROP TABLE city' } })).rejects.toThrow(
    'get_query_plan',
  );
  await toolbox.close();
  await database.drop();
});

it.skipIf(redisMissing !== undefined)('redis answers with every tool', async () => {
  const server = await startRedis();
  const toolbox = await openPrebuilt(['redis'], directory, { REDIS_ADDRESS: `127.0.0.1:${server.port}` });
  await server.send('HSET', 'h', 'a', '1');
  await server.send('RPUSH', 'l', 'a', 'b');
  await server.send('SADD', 's', 'm');
  await server.send('ZADD', 'z', '1.5', 'm');
  await server.send('XADD', 'x', '1-1', 'f', 'v');
  const outputs = await callAll(toolbox, {
    set: { key: 'k', value: 'v' },
    get: { key: 'k' },
    expire: { key: 'k', seconds: 100 },
    describe_key: { key: 'k' },
    get_hash: { key: 'h' },
    get_list: { key: 'l' },
    get_set: { key: 's' },
    get_sorted_set: { key: 'z' },
    get_stream: { key: 'x' },
    delete: { keys: ['h', 'l', 's', 'z', 'x'] },
    scan_keys: {},
  });
  expect(
    Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, 'value' in output && output.value])),
  ).toEqual({
    set: ['OK'],
    get: ['v'],
    expire: [1],
    describe_key: ['string', 100, expect.any(Number)],
    get_hash: [{ a: '1' }],
    get_list: [['a', 'b']],
    get_set: [['m']],
    get_sorted_set: [[['m', 1.5]]],
    get_stream: [[['1-1', ['f', 'v']]]],
    delete: [5],
    scan_keys: [['0', ['k']]],
  });
  await toolbox.close();
  await server.stop();
});
