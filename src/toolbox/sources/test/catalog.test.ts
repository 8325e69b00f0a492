import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { sourceTypes } from '../catalog.ts';

it('lists every source type and its tools once', () => {
  expect(sourceTypes.map((source) => source.type).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    ...[
      'cockroachdb',
      'duckdb',
      'http',
      'mariadb',
      'module',
      'mysql',
      'postgres',
      'redis',
      'sqlite',
      'valkey',
      'yugabytedb',
    ],
  ]);
  for (const source of sourceTypes) {
    const tools = source.toolTypes.map((tool) => tool.type);
    expect([source.type, new Set(tools).size]).toEqual([source.type, tools.length]);
  }
});

it('gives every SQL source its four tools', () => {
  for (const name of ['sqlite', 'duckdb', 'postgres', 'cockroachdb', 'yugabytedb', 'mysql', 'mariadb']) {
    const tools = sourceTypes.find((source) => source.type === name)?.toolTypes.map((tool) => tool.type);
    expect(tools).toEqual(
      expect.arrayContaining(['sql', 'execute-sql', 'list-tables', 'describe-table'].map((tool) => `${name}-${tool}`)),
    );
  }
});

it('loads no driver', async () => {
  const catalogue = new URL('../catalog.ts', import.meta.url).href;
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await import(${JSON.stringify(catalogue)});
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=chatelaine-source',
    '--input-type=module',
    '--eval',
    program,
  ]);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContain(catalogue);
  expect(loaded.filter((url) => /node_modules\/(?:pg|mysql2|ioredis|@duckdb|undici|ajv)\//.test(url))).toEqual([]);
});
