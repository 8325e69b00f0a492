import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VALUE_OPTIONS } from '../answer.ts';
import { bindings, readPlaceholders, toSqlite } from '../placeholders.ts';

describe('placeholders', () => {
  it.each([
    ['SELECT ?, ?', [], 2],
    ['SELECT $2, $1, $2', ['$2', '$1'], 2],
    ['SELECT ?3, ?', [], 4],
    [`SELECT '?', "a?", [b$1], \`c?1\`, 'it''s ?' -- ? $1`, [], 0],
    ['SELECT /* ? */ ? /* $1 */', [], 1],
    ['SELECT a$1, ?2b FROM t', [], 2],
    ["SELECT 'unfinished ?", [], 1],
    ['SELECT 1::int', [], 0],
    ['SELECT €$1, $1', ['$1'], 1],
  ])('of %s', (text, spellings, count) => {
    const numbered = spellings.map((spelling) => [spelling, Number(spelling.slice(1)) - 1]);
    expect(readPlaceholders(text)).toEqual({ numbered, count });
  });

  it.each([':name', '@name', '$name', '$1a', '$0', '?0'])(
    '%s has no position, and is refused by name',
    (placeholder) => {
      expect(() => readPlaceholders(`SELECT ${placeholder}`)).toThrow(placeholder.slice(0, 2));
    },
  );

  it.each(['SELECT $1, ?', 'SELECT ?1, $2'])('%s mixes two kinds, and is refused', (text) => {
    expect(() => readPlaceholders(text)).toThrow('one statement has one kind');
  });

  it('are bound as SQLite counts them, whatever stands between them', () => {
    const database = new DatabaseSync(':memory:', VALUE_OPTIONS);
    const number = fc.integer({ min: 1, max: 9 });
    const noise = fc.constantFrom(`'?'`, `'it''s $1'`, '1 /* ? */', `1 AS "?"`, '1 AS [$1]', '1 AS a$1', '1 -- ?\n');
    const statement = fc.oneof(
      fc.array(
        fc.oneof(
          noise,
          fc.constant('?'),
          number.map((n) => `?${n}`),
        ),
        { minLength: 1, maxLength: 12 },
      ),
      fc.array(
        fc.oneof(
          noise,
          number.map((n) => `$${n}`),
        ),
        { minLength: 1, maxLength: 12 },
      ),
    );
    fc.assert(
      fc.property(statement, (parts) => {
        const text = `SELECT ${parts.join(', ')}`;
        const placeholders = readPlaceholders(text);
        const values = Array.from({ length: placeholders.count }, (_, index) => 1000 + index);
        const row = database.prepare(text).get(...bindings(placeholders, values)) as unknown as unknown[];
        let highest = 0n;
        const expected = parts.map((part) => {
          if (!/^(\?\d*|\$\d+)$/.test(part))
            return expect.toSatisfy((cell: unknown) => cell === 1n || typeof cell === 'string');
          const at = part === '?' ? highest + 1n : BigInt(part.slice(1));
          if (at > highest) highest = at;
          return 999n + at;
        });
        expect(row).toEqual(expected);
      }),
      { numRuns: 500 },
    );
    database.close();
  });
});

describe('bound values', () => {
  it.each([
    [7, 7n],
    [-0.5, -0.5],
    [2 ** 60, 2 ** 60],
    [true, 1n],
    [[1, 2n ** 60n], '[1,"1152921504606846976"]'],
    [{ a: null }, '{"a":null}'],
  ])('%s is bound as %s', (value, bound) => expect(toSqlite(value)).toEqual(bound));

  it.each([2n ** 63n, -(2n ** 63n) - 1n])('%s does not fit and is not cut', (value) => {
    expect(() => toSqlite(value)).toThrow('beyond the whole numbers of SQLite');
  });
});
