import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonValue } from '#kernel';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import { rowsOf } from '../../test/sql-source.contract.ts';
import type { SqlValue } from '../../source.ts';
import type { PostgresSource } from '../source.ts';
import { openPostgres } from './postgres-harness.ts';

let database: PostgresDatabase;
let source: PostgresSource;

beforeAll(async () => {
  database = await postgresDatabase();
  source = openPostgres(database);
});

afterAll(async () => {
  await source.close();
  await database.drop();
});

async function there(type: string, value: SqlValue): Promise<unknown> {
  const [row] = await rowsOf(source, `SELECT $1::${type} AS v`, [value]);
  return row?.['v'];
}

/** PostgreSQL stores no NUL in text and no half of a surrogate pair. */
const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '').toWellFormed());
const RUNS = { numRuns: 150 };

describe('values come back as they went', () => {
  it('text of any kind', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await there('text', value)).toBe(value);
      }),
      RUNS,
    );
  });

  it('arrays of text of any kind, and of arrays', async () => {
    const row = fc.array(fc.option(text), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.array(fc.option(text)), fc.array(row, { minLength: 1 })), async (value) => {
        expect(await there('text[]', value as SqlValue)).toEqual(value);
      }),
      RUNS,
    );
  });

  it('JSON documents', async () => {
    const document = fc
      .jsonValue({ maxDepth: 4 })
      .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/\\u0000|-0(?![.\d])/g, '0')) as JsonValue);
    await fc.assert(
      fc.asyncProperty(document, async (value) => {
        // `json` keeps the text; `jsonb` would write small exponents out and still mean the same.
        const bound =
          Array.isArray(value) || (typeof value === 'object' && value !== null) ? value : JSON.stringify(value);
        expect(await there('json', bound as SqlValue)).toEqual(value);
      }),
      RUNS,
    );
  });

  it('whole numbers and doubles of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.double(), async (whole, double) => {
        expect(String(await there('int8', whole))).toBe(String(whole));
        expect(Number(await there('float8', double))).toBe(double + 0);
      }),
      RUNS,
    );
  });

  it('intervals: the ISO 8601 duration means the interval it was made from', async () => {
    const amount = fc.integer({ min: -400, max: 400 });
    const interval = fc.record({
      months: amount,
      days: amount,
      seconds: fc.integer({ min: -1e9, max: 1e9 }),
      micros: fc.integer({ min: 0, max: 999_999 }),
    });
    await fc.assert(
      fc.asyncProperty(interval, async ({ months, days, seconds, micros }) => {
        const given = `${months} months ${days} days ${seconds} seconds ${micros} microseconds`;
        const iso = await there('interval', given);
        expect(iso).toMatch(/^P(?=.)(-?\d+Y)?(-?\d+M)?(-?\d+D)?(T(?=.)(-?\d+H)?(-?\d+M)?(-?\d+(\.\d+)?S)?)?$/);
        const [row] = await rowsOf(source, 'SELECT to_char($1::interval, $3) = to_char($2::interval, $3) AS same', [
          given,
          iso as string,
          'YYYY MM DD HH24 MI SS US',
        ]);
        expect(row).toEqual({ same: true });
      }),
      RUNS,
    );
  });
});
