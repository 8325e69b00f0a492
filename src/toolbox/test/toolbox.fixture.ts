import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import { NOBODY, type Configuration } from '#contract';
import { silentLogger, systemClock, type JsonObject } from '#kernel';
import type { BuildOptions } from '../build/index.ts';
import { loadConfiguration, type Catalog } from '../config/index.ts';
import type { ToolCall } from '../snapshot.ts';
import type { QueryLimits, Row, RowSet, SourceType, SqlQuery, SqlSource } from '../sources/source.ts';
import { dialects } from '../tools/template/test/dialects.fixture.ts';
import { executeSqlTool, sqlTool } from '../tools/sql.ts';
import type { ToolType } from '../tools/tool-type.ts';

/** A source that remembers what was asked of it: a real SQLite database in memory behind the port. */
export class MemorySource implements SqlSource {
  readonly type = 'memory';
  readonly dialect = dialects.sqlite;
  readonly readOnly: boolean;
  readonly config: MemoryConfig;
  readonly queries: { query: SqlQuery; readOnly: boolean; maxRows: number }[] = [];
  closed = 0;
  readonly #database = new DatabaseSync(':memory:');

  constructor(config: MemoryConfig) {
    this.config = config;
    this.readOnly = config.readOnly;
    this.#database.exec(
      "CREATE TABLE cities (name TEXT, country TEXT); INSERT INTO cities VALUES ('Basel', 'CH'), ('Bern', 'CH'), ('Lyon', 'FR')",
    );
  }

  async query(query: SqlQuery, { readOnly, maxRows }: QueryLimits): Promise<RowSet> {
    this.queries.push({ query, readOnly, maxRows });
    const rows = this.#database.prepare(query.text).all(...(query.values as SQLInputValue[])) as Row[];
    return rows.length > maxRows
      ? { rows: rows.slice(0, maxRows), truncated: { by: 'maxRows', limit: maxRows } }
      : { rows };
  }

  check(): Promise<void> {
    return this.config.broken ? Promise.reject(new Error('no route to the database')) : Promise.resolve();
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

const memoryFields = z.strictObject({
  readOnly: z.boolean().default(false),
  broken: z.boolean().default(false),
  password: z.string().optional(),
});
type MemoryConfig = z.output<typeof memoryFields>;

/** A tool whose calls end when the test says so. */
export class Gate {
  readonly calls: (() => void)[] = [];
  readonly tool: ToolType = {
    type: 'gate',
    summary: 'Waits.',
    schema: z.strictObject({}),
    build: () => ({
      run: () => new Promise((resolve) => void this.calls.push(() => resolve({ kind: 'value', value: 'done' }))),
    }),
  };
}

/** A catalogue with one source type; `opened` holds every source that was made. */
export function testCatalog(extra: readonly ToolType[] = []): { catalog: Catalog; opened: MemorySource[] } {
  const opened: MemorySource[] = [];
  const memory: SourceType<MemoryConfig> = {
    type: 'memory',
    summary: 'SQLite in memory.',
    schema: memoryFields,
    toolTypes: [sqlTool('memory-sql'), executeSqlTool('memory-execute-sql'), ...extra],
    open(config) {
      const source = new MemorySource(config);
      opened.push(source);
      return source;
    },
  };
  return { catalog: [memory], opened };
}

/** Loads YAML as a file would be; throws with every problem. */
export function configurationOf(yaml: string, catalog: Catalog, directory = '/nowhere'): Configuration {
  const loaded = loadConfiguration([{ file: 'tools.yaml', directory, bytes: Buffer.from(yaml) }], { env: {}, catalog });
  if (!loaded.ok) throw new Error(loaded.error.map((problem) => `${problem.line}: ${problem.message}`).join('\n'));
  return loaded.value.configuration;
}

export const buildOptions = (catalog: Catalog): BuildOptions => ({
  catalog,
  openEmbedder: ({ model }) => ({
    embed: (texts) => Promise.resolve(texts.map((text) => [model.length, text.length])),
  }),
  clock: systemClock,
  log: silentLogger,
});

/** A call by a client that can do nothing and asks for nothing. */
export const testCall = (overrides: Partial<ToolCall> = {}): ToolCall => ({
  signal: new AbortController().signal,
  log: silentLogger,
  caller: NOBODY,
  client: {
    progress: () => {},
    log: () => {},
    capabilities: {},
    request: () => Promise.resolve({}),
    state: undefined,
  },
  ...overrides,
});

/** The checked arguments; throws on violations. */
export function argumentsOf(tool: { check(raw: JsonObject): { ok: boolean } }, raw: JsonObject): never {
  const checked = tool.check(raw) as { ok: boolean; value: never; error: unknown };
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value;
}
