/**
 * What every SQL source promises, run against the real database. A source's test file starts its
 * server, says in a harness how its dialect spells things, and calls `sqlSourceContract`; what is
 * the dialect's own (types, settings, locks) it tests beside.
 *
 * Everything here goes through the port alone: no driver, no look inside.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatelaineError, type JsonValue } from '#kernel';
import type { QueryLimits, Row, SqlSource, SqlValue } from '../source.ts';

export interface SqlSourceHarness {
  /**
   * Opens a source on the test's scratch database; every source sees the same data. One connection
   * where the source pools them, so that whatever a call leaves behind is met by the next.
   */
  open(options: { readonly readOnly?: boolean }): SqlSource | Promise<SqlSource>;
  /** A source whose database is not there: a closed port, a folder that does not exist. */
  openUnreachable(): SqlSource | Promise<SqlSource>;
  /** The placeholder at a position counted from 1, cast where the dialect must be told the type. */
  placeholder(position: number, type: 'text' | 'integer'): string;
  /** Column types of a table with a whole number and a text. */
  readonly types: { readonly integer: string; readonly text: string };
  /** A SELECT of the numbers 1 to `rows` as column `n`, which the database can produce one by one. */
  series(rows: number): string;
  /** A SELECT that runs for minutes without returning a row, with `marker` somewhere in its text. */
  endless(marker: string): string;
  /** How many statements with `marker` in their text the database runs now; absent where it cannot be asked. */
  running?(marker: string): Promise<number>;
  /** A SELECT expression for each type, and the JSON that it becomes. */
  readonly values: readonly { readonly title: string; readonly sql: string; readonly json: JsonValue }[];
  /** Values bound to a placeholder and what comes back. `sql` receives `?` as the placeholder's text. */
  readonly bound: readonly {
    readonly title: string;
    readonly value: SqlValue;
    readonly sql: (placeholder: string) => string;
    readonly json: JsonValue;
  }[];
  /**
   * Ways out of read-only that the dialect might leave open. `guarded` is a table (id, note) with one
   * row, which must stay as it is. A text that the database may accept because it changes nothing
   * says `harmless`; every other one must be refused.
   */
  readonly escapes: readonly {
    readonly title: string;
    readonly sql: string;
    readonly harmless?: boolean;
    /** Run first, where writing is allowed: a procedure for the escape to call. */
    readonly before?: readonly string[];
  }[];
  /** Statements whose effect must not reach the next caller, each with a query that would show it. */
  readonly leaks: readonly { readonly title: string; readonly change: string; readonly probe: string }[];
}

const TEST_LIMITS: Omit<QueryLimits, 'signal'> = {
  timeoutMs: 30_000,
  maxRows: 1000,
  maxBytes: 1_000_000,
  readOnly: false,
};

/** Limits for a query in a test: generous, unless said otherwise. */
export function testLimits(changes: Partial<QueryLimits> = {}): QueryLimits {
  return { signal: new AbortController().signal, ...TEST_LIMITS, ...changes };
}

/** The rows of one statement under generous limits. */
export async function rowsOf(
  source: SqlSource,
  text: string,
  values: readonly SqlValue[] = [],
  changes: Partial<QueryLimits> = {},
): Promise<readonly Row[]> {
  return (await source.query({ text, values }, testLimits(changes))).rows;
}

/** The code of the catalogued error that a promise rejects with; a value or a foreign error fails the test. */
export async function codeOf(answer: Promise<unknown>): Promise<string> {
  const outcome = await answer.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error(`expected a refusal, got ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof ChatelaineError)) throw outcome.error;
  return outcome.error.code;
}

const HOSTILE = [
  `'; DROP TABLE guarded; --`,
  `" OR ""="`,
  `\\'; DELETE FROM guarded WHERE 1=1; #`,
  `$1 ? :name @v {{.x}}`,
  `/* */ 日本語 🗝️ \u0001 \t\n`,
  '',
];

export function sqlSourceContract(name: string, harness: SqlSourceHarness): void {
  describe(`${name} keeps the contract of SQL sources`, () => {
    let source: SqlSource;
    let reader: SqlSource;

    beforeAll(async () => {
      source = await harness.open({});
      reader = await harness.open({ readOnly: true });
      await rowsOf(
        source,
        `CREATE TABLE guarded (id ${harness.types.integer} PRIMARY KEY, note ${harness.types.text})`,
      );
    });

    afterAll(async () => {
      await reader.close();
      await source.close();
    });

    beforeEach(async () => {
      await rowsOf(source, 'DELETE FROM guarded');
      await rowsOf(source, `INSERT INTO guarded (id, note) VALUES (1, 'kept')`);
    });

    const guarded = async (): Promise<readonly Row[]> => rowsOf(source, 'SELECT id, note FROM guarded ORDER BY id');
    const insert = `INSERT INTO guarded (id, note) VALUES (2, 'slipped in')`;
    const next = async (from: SqlSource = source): Promise<readonly Row[]> => rowsOf(from, 'SELECT 7 AS answer');

    describe('values', () => {
      it.each(harness.values)('gives $title as JSON', async ({ sql, json }) => {
        const [row] = await rowsOf(source, `SELECT ${sql} AS v`);
        expect(row).toEqual({ v: json });
        expect(JSON.parse(JSON.stringify(row))).toEqual({ v: json });
      });

      it('gives null as null', async () => {
        expect(await rowsOf(source, 'SELECT NULL AS v')).toEqual([{ v: null }]);
      });

      it.each(harness.bound)('takes $title as a bound value', async ({ value, sql, json }) => {
        expect(await rowsOf(source, `SELECT ${sql(harness.placeholder(1, 'text'))} AS v`, [value])).toEqual([
          { v: json },
        ]);
      });

      it.each(HOSTILE)('holds the bound text %j and executes none of it', async (hostile) => {
        await rowsOf(
          source,
          `INSERT INTO guarded (id, note) VALUES (${harness.placeholder(1, 'integer')}, ${harness.placeholder(2, 'text')})`,
          [2, hostile],
        );
        expect(await guarded()).toEqual([
          { id: 1, note: 'kept' },
          { id: 2, note: hostile },
        ]);
      });

      it('tells columns of one name apart, also from a column that is called like the suffix', async () => {
        expect(await rowsOf(source, 'SELECT 1 AS id, 2 AS id, 3 AS id_2, 4 AS id')).toEqual([
          { id: 1, id_3: 2, id_2: 3, id_4: 4 },
        ]);
      });

      it('keeps a column that is called __proto__', async () => {
        const [quote, unquote] = source.dialect.identifierQuotes[0] ?? ['"', '"'];
        const [row] = await rowsOf(source, `SELECT 5 AS ${quote}__proto__${unquote}, 6 AS b`);
        expect(Object.entries(row ?? {})).toEqual([
          ['__proto__', 5],
          ['b', 6],
        ]);
      });

      it('quotes an identifier so that it names one thing, whatever is in it', async () => {
        const odd = `odd "name" \`with\` 'quotes' and $dollars`;
        const quoted = source.dialect.quoteIdentifier(odd, { bare: false });
        expect(await rowsOf(source, `SELECT 1 AS ${quoted}`)).toEqual([{ [odd]: 1 }]);
      });
    });

    describe('writing', () => {
      it('says how many rows a statement changed that returns none', async () => {
        await rowsOf(source, insert);
        const answer = await source.query({ text: `UPDATE guarded SET note = 'x'`, values: [] }, testLimits());
        expect(answer).toMatchObject({ rows: [], affected: 2 });
      });

      it.each([
        ['a read-only call', () => source, { readOnly: true }],
        ['a read-only source', () => reader, { readOnly: false }],
      ] as const)('refuses in %s to insert, update, delete, create, alter and drop', async (_, from, changes) => {
        const statements = [
          insert,
          `UPDATE guarded SET note = 'changed'`,
          'DELETE FROM guarded',
          `CREATE TABLE slipped (id ${harness.types.integer})`,
          `ALTER TABLE guarded ADD COLUMN slipped ${harness.types.integer}`,
          'DROP TABLE guarded',
        ];
        for (const text of statements) {
          expect([text, await codeOf(rowsOf(from(), text, [], changes))]).toEqual([text, 'READ_ONLY']);
        }
        expect(await guarded()).toEqual([{ id: 1, note: 'kept' }]);
        expect(await rowsOf(from(), 'SELECT id FROM guarded', [], changes)).toEqual([{ id: 1 }]);
      });

      it.each(harness.escapes)('leaves no way out of read-only: $title', async ({ sql, harmless, before }) => {
        for (const text of before ?? []) await rowsOf(source, text);
        for (const [from, changes] of [
          [source, { readOnly: true }],
          [reader, { readOnly: false }],
        ] as const) {
          const answer = rowsOf(from, sql, [], changes);
          if (harmless === true) await answer.catch(() => undefined);
          else expect(['READ_ONLY', 'SQL_FAILED']).toContain(await codeOf(answer));
          // What the text may have switched must not hold for the next call either.
          expect(await codeOf(rowsOf(from, insert, [], changes))).toBe('READ_ONLY');
          expect(await guarded()).toEqual([{ id: 1, note: 'kept' }]);
        }
      });

      it('writes again after a read-only call on the same source', async () => {
        await rowsOf(source, 'SELECT 1 AS one', [], { readOnly: true });
        await rowsOf(source, insert);
        expect(await guarded()).toHaveLength(2);
      });

      it('refuses two statements in one text', async () => {
        expect(await codeOf(rowsOf(source, `SELECT 1 AS one; ${insert}`))).toBe('SQL_FAILED');
        expect(await guarded()).toEqual([{ id: 1, note: 'kept' }]);
      });
    });

    describe('sessions', () => {
      it.each(harness.leaks)('lets nothing of one call reach the next: $title', async ({ change, probe }) => {
        const look = async (): Promise<unknown> =>
          rowsOf(source, probe).catch((error: unknown) => (error instanceof Error ? error.message : error));
        const before = await look();
        await rowsOf(source, change);
        expect(await look()).toEqual(before);
      });
    });

    describe('limits', () => {
      it('stops at maxRows without producing the rest, and says so', async () => {
        const answer = await source.query(
          { text: harness.series(1_000_000_000), values: [] },
          testLimits({ maxRows: 3, timeoutMs: 20_000, readOnly: true }),
        );
        expect(answer.rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(answer.truncated).toEqual({ by: 'maxRows', limit: 3 });
      });

      it('does not call an answer cut when it has exactly maxRows', async () => {
        const answer = await source.query({ text: harness.series(3), values: [] }, testLimits({ maxRows: 3 }));
        expect(answer.rows).toHaveLength(3);
        expect(answer.truncated).toBeUndefined();
      });

      it.each([{ readOnly: true }, { readOnly: false }])(
        'stops at maxBytes of JSON without producing the rest ($readOnly)',
        async ({ readOnly }) => {
          const text = `SELECT s.n AS n, ${harness.placeholder(1, 'text')} AS filler FROM (${harness.series(1_000_000)}) AS s`;
          const answer = await source.query(
            { text, values: ['x'.repeat(1000)] },
            testLimits({ maxBytes: 50_000, maxRows: 1_000_000_000, timeoutMs: 20_000, readOnly }),
          );
          expect(answer.truncated).toEqual({ by: 'maxBytes', limit: 50_000 });
          const bytes = Buffer.byteLength(JSON.stringify(answer.rows));
          expect(bytes).toBeLessThanOrEqual(50_000);
          expect(bytes).toBeGreaterThan(40_000);
          expect(await next()).toEqual([{ answer: 7 }]);
        },
      );

      it('counts bytes, not characters, and drops a row that alone is too large', async () => {
        const text = `SELECT ${harness.placeholder(1, 'text')} AS v`;
        const wide = '€'.repeat(400);
        expect(await rowsOf(source, text, [wide], { maxBytes: 1300 })).toEqual([{ v: wide }]);
        const cut = await source.query({ text, values: [wide] }, testLimits({ maxBytes: 1000 }));
        expect(cut).toEqual({ rows: [], truncated: { by: 'maxBytes', limit: 1000 } });
      });

      it('gives up after timeoutMs, cancels in the database, and answers the next call', async () => {
        const marker = 'contract_timeout';
        const started = performance.now();
        const answer = rowsOf(source, harness.endless(marker), [], { timeoutMs: 700 });
        expect(await codeOf(answer)).toBe('TOOL_TIMEOUT');
        expect(performance.now() - started).toBeLessThan(10_000);
        await goneFromDatabase(harness, marker);
        expect(await next()).toEqual([{ answer: 7 }]);
      });

      it('gives up when the caller goes away, with the reason of the signal, and cancels in the database', async () => {
        const marker = 'contract_abort';
        const caller = new AbortController();
        const reason = new Error('the caller hung up');
        const answer = rowsOf(source, harness.endless(marker), [], { signal: caller.signal });
        const outcome = expect(answer).rejects.toBe(reason);
        if (harness.running) await vi.waitFor(async () => expect(await harness.running?.(marker)).toBe(1), PATIENCE);
        caller.abort(reason);
        await outcome;
        await goneFromDatabase(harness, marker);
        expect(await next()).toEqual([{ answer: 7 }]);
      });

      it('starts nothing for a caller that has gone already', async () => {
        const reason = new Error('gone before');
        await expect(rowsOf(source, insert, [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
        expect(await guarded()).toEqual([{ id: 1, note: 'kept' }]);
      });

      it('undoes a write that was cut off by its timeout', async () => {
        const marker = 'contract_undone';
        const text = `INSERT INTO guarded (id, note) SELECT 2, 'late' FROM (${harness.endless(marker)}) AS e`;
        expect(await codeOf(rowsOf(source, text, [], { timeoutMs: 700 }))).toBe('TOOL_TIMEOUT');
        await goneFromDatabase(harness, marker);
        expect(await guarded()).toEqual([{ id: 1, note: 'kept' }]);
      });
    });

    describe('failure', () => {
      it("repeats the database's own words and answers the next call", async () => {
        const answer = rowsOf(source, 'SELECT * FROM no_such_table_anywhere');
        await expect(answer).rejects.toThrow(/no_such_table_anywhere/);
        expect(await codeOf(answer)).toBe('SQL_FAILED');
        expect(await next()).toEqual([{ answer: 7 }]);
      });

      it.each(['', '   '])('says that %j is no statement', async (text) => {
        expect(await codeOf(rowsOf(source, text))).toBe('SQL_FAILED');
        expect(await next()).toEqual([{ answer: 7 }]);
      });

      it('refuses too few and too many bound values', async () => {
        const text = `SELECT ${harness.placeholder(1, 'text')} AS v`;
        expect(await codeOf(rowsOf(source, text, []))).toBe('SQL_FAILED');
        expect(await codeOf(rowsOf(source, text, ['a', 'b']))).toBe('SQL_FAILED');
        expect(await next()).toEqual([{ answer: 7 }]);
      });

      it('answers many calls at once, each with its own rows', async () => {
        const text = `SELECT ${harness.placeholder(1, 'integer')} AS n`;
        const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => rowsOf(source, text, [n])));
        expect(answers).toEqual(Array.from({ length: 40 }, (_, n) => [{ n }]));
      });

      it('says quickly that a database is unreachable, each time anew', async () => {
        const lost = await harness.openUnreachable();
        const started = performance.now();
        expect(await codeOf(rowsOf(lost, 'SELECT 1 AS one'))).toBe('SOURCE_UNREACHABLE');
        expect(await codeOf(rowsOf(lost, 'SELECT 1 AS one'))).toBe('SOURCE_UNREACHABLE');
        expect(await codeOf(lost.check(new AbortController().signal))).toBe('SOURCE_UNREACHABLE');
        expect(performance.now() - started).toBeLessThan(10_000);
        await lost.close();
      });
    });

    describe('closing', () => {
      it('passes its check', async () => {
        await expect(source.check(new AbortController().signal)).resolves.toBeUndefined();
      });

      it('lets a running call end, twice closes once, and refuses later calls', async () => {
        const shortLived = await harness.open({});
        const answer = rowsOf(shortLived, harness.series(1000));
        const closed = Promise.all([shortLived.close(), shortLived.close()]);
        expect(await answer).toHaveLength(1000);
        await closed;
        await shortLived.close();
        expect(await codeOf(rowsOf(shortLived, 'SELECT 1 AS one'))).toBe('SOURCE_UNREACHABLE');
      });

      it('closes without ever having been used', async () => {
        const unused = await harness.open({});
        await expect(unused.close()).resolves.toBeUndefined();
      });
    });
  });
}

const PATIENCE = { timeout: 20_000, interval: 25 };

async function goneFromDatabase(harness: SqlSourceHarness, marker: string): Promise<void> {
  if (harness.running) await vi.waitFor(async () => expect(await harness.running?.(marker)).toBe(0), PATIENCE);
}
