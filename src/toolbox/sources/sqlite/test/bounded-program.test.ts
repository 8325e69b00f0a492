import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBounded, type Instruction } from '../bounded-program.ts';

const step = (opcode: string, p2 = 0, p4: string | null = null): Instruction => ({ opcode, p1: 0, p2, p4 });

/** Body, then the preamble that `Init` jumps to and that jumps back. */
const program = (...body: Instruction[]): Instruction[] => {
  const preamble = body.length + 2;
  return [step('Init', preamble), ...body, step('Halt'), step('Transaction'), step('Goto', 1)];
};

describe('a program', () => {
  it('without a jump back is bounded', () => {
    expect(isBounded(program(step('OpenRead'), step('SeekRowid', 4), step('Column'), step('ResultRow')))).toBe(true);
  });

  it.each<[why: string, program: Instruction[]]>([
    ['jumps back', program(step('Column'), step('Goto', 1))],
    ['jumps to itself', program(step('Goto', 1))],
    ['jumps into its preamble, which leads back', program(step('Goto', 3))],
    ['jumps beyond its end', program(step('Goto', 90))],
    ['runs from its body into its preamble', [step('Init', 2), step('Column'), step('Goto', 1)]],
    ['loops', program(step('Rewind', 3), step('Next', 1))],
    ['calls a subroutine', program(step('Gosub', 2))],
    ['counts a table', program(step('Count'))],
    ['writes', [step('Init', 2), step('Halt'), step('Transaction', 1), step('Goto', 1)]],
    ['calls a function that may be slow', program(step('Function', 0, 'randomblob(1)'))],
    ['calls a function with an argument too many', program(step('Function', 0, 'trim(2)'))],
    ['calls a function without a name', program(step('Function'))],
    ['has an instruction that nobody has looked at', program(step('SomethingNew'))],
    ['is long', program(...Array.from({ length: 300 }, () => step('Column')))],
    ['is empty', []],
  ])('that %s is not', (_, given) => {
    expect(isBounded(given)).toBe(false);
  });
});

/** The parts of a SELECT, put together at random: most of what comes out is no lookup. */
const column = fc.constantFrom('t.id', 't.a', 't.b', 'u.id', 'u.t', '1', 'length(t.b)', 'max(t.a, 1)');
const condition = fc
  .tuple(column, fc.constantFrom('=', '=', '=', '>', '<', 'IS', 'IN'), fc.oneof(column, fc.constant('5')))
  .map(([left, operator, right]) =>
    operator === 'IN' ? `${left} IN (1, 2, ${right})` : `${left} ${operator} ${right}`,
  );
const select = fc
  .record({
    columns: fc.array(column, { minLength: 1, maxLength: 3 }),
    join: fc.constantFrom('t, u', 't JOIN u ON u.t = t.id', 't LEFT JOIN u ON u.id = t.a', 'u JOIN t ON t.id = u.t'),
    where: fc.array(condition, { maxLength: 3 }),
    with: fc.constantFrom('AND', 'AND', 'OR'),
    end: fc.constantFrom('', ' ORDER BY t.a', ' LIMIT 3', ' GROUP BY t.a'),
  })
  .map((parts) => {
    const where = parts.where.length > 0 ? ` WHERE ${parts.where.join(` ${parts.with} `)}` : '';
    return `SELECT ${parts.columns.join(', ')} FROM ${parts.join}${where}${parts.end}`;
  });

it('judges no statement bounded that answers with more rows as the tables grow', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b TEXT);
    CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO t SELECT i, i, 'b' || i FROM n;
    INSERT INTO u SELECT id, 1 + id % 5 FROM t`);
  let bounded = 0;
  fc.assert(
    fc.property(select, (text) => {
      if (!isBounded(database.prepare(`EXPLAIN ${text}`).all() as unknown as Instruction[])) return;
      bounded++;
      expect([text, database.prepare(text).all().length <= 1]).toEqual([text, true]);
    }),
    { numRuns: 3000 },
  );
  expect(bounded).toBeGreaterThan(20);
  database.close();
});
