/**
 * How good the search is, on questions as agents ask them and tools as they are: those of the prebuilt
 * configurations. Who changes ranking, words or descriptions sees here what that does.
 */
import { beforeAll, expect, it } from 'vitest';
import { loadToolSearch } from '#registry';
import type { Tool } from '#toolbox';
import { prebuiltTools } from './prebuilt-tools.fixture.ts';

/** A question, and every tool that answers it. */
const LABELLED: readonly (readonly [question: string, ...answers: readonly string[]])[] = [
  ['run a query against postgres', 'postgres_execute_sql'],
  ['execute SQL in sqlite', 'sqlite_execute_sql'],
  ['which tables are there in postgres', 'postgres_list_tables'],
  ['what columns does a table have, mysql', 'mysql_list_tables'],
  ['slow queries', 'postgres_list_query_stats', 'mysql_show_query_stats'],
  ['queries that take the most time', 'postgres_list_query_stats', 'mysql_show_query_stats'],
  ['who is blocking whom, locks', 'postgres_list_locks', 'mysql_list_all_locks'],
  ['transactions open too long', 'postgres_long_running_transactions'],
  ['what is running right now on the database', 'postgres_list_active_queries', 'mysql_list_active_queries'],
  ['explain a query plan', 'postgres_get_query_plan', 'mysql_get_query_plan'],
  ['unused indexes', 'postgres_list_indexes', 'postgres_list_invalid_indexes'],
  ['broken indexes', 'postgres_list_invalid_indexes'],
  ['table bloat dead rows', 'postgres_list_top_bloated_tables', 'postgres_list_table_stats'],
  ['fragmented tables to optimize', 'mysql_list_table_fragmentation'],
  ['tables without a primary key', 'mysql_list_tables_missing_unique_indexes'],
  ['replication lag', 'postgres_replication_stats'],
  ['replication slots holding back WAL', 'postgres_list_replication_slots'],
  ['installed extensions', 'postgres_list_installed_extensions'],
  ['extensions I could install', 'postgres_list_available_extensions'],
  ['memory settings', 'postgres_list_memory_configurations'],
  ['autovacuum config', 'postgres_list_autovacuum_configurations'],
  ['server version and uptime', 'postgres_database_overview'],
  ['users and their permissions', 'postgres_list_roles'],
  ['size of each table', 'postgres_list_table_stats', 'mysql_list_table_stats'],
  ['number of distinct values in a column', 'postgres_get_column_cardinality'],
  ['find keys in redis by pattern', 'redis_scan_keys'],
  ['time to live of a key', 'redis_describe_key', 'redis_expire'],
  ['read a hash', 'redis_get_hash'],
  ['members of a sorted set with their scores', 'redis_get_sorted_set'],
  ['remove a key', 'redis_delete'],
];

/** What was measured; a change may do better. */
const RECALL_AT_5 = 0.91;
const FIRST = 0.73;

let tools: readonly Tool[];
beforeAll(async () => {
  tools = await prebuiltTools();
});

it('the tools that are labelled are there', () => {
  const names = new Set(tools.map(({ name }) => name));
  expect(LABELLED).toHaveLength(30);
  expect(LABELLED.flatMap(([, ...answers]) => answers).filter((name) => !names.has(name))).toEqual([]);
});

it('of the tools that answer a question, most are among the first five, and mostly one stands first', async () => {
  const { questionOf, ToolSearch } = await loadToolSearch();
  const search = new ToolSearch();
  const all = { tools };
  let [recall, first] = [0, 0];
  const misses: string[] = [];
  for (const [query, ...answers] of LABELLED) {
    const { names } = await search.find(all, questionOf({ query, limit: 5 }), { has: () => true });
    const found = answers.filter((name) => names.includes(name));
    recall += found.length / answers.length / LABELLED.length;
    if (answers.includes(names[0] as string)) first += 1 / LABELLED.length;
    if (found.length < answers.length) misses.push(`${query}: ${names.join(' ')}`);
  }
  expect(recall, misses.join('\n')).toBeGreaterThanOrEqual(RECALL_AT_5);
  expect(first).toBeGreaterThanOrEqual(FIRST);
});
