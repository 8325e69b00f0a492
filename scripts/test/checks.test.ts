/** The table of checks holds what it says: complete, and every file it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const COMING = [
  'authorization server',
  'registry and policy',
  'federation',
  'Kubernetes',
  'console',
  'documentation',
] as const;

const entry = z
  .strictObject({
    check: z.string().min(1),
    tests: z.array(z.string()).min(1).optional(),
    by: z.string().optional(),
    comes: z.enum(COMING).optional(),
  })
  .refine(({ tests, by, comes }) => (tests ?? by ?? comes) !== undefined, { error: 'nothing shows it' });
const table = z.record(z.string(), z.record(z.string(), entry));

const checks = Object.values(
  table.parse(parse(readFileSync(join(ROOT, 'conformance/checks/checks.yaml'), 'utf8'))),
).flatMap((area) => Object.entries(area));

test('every check from 1 to 140 stands in the table once', () => {
  const numbers = checks.map(([number]) => Number(number)).toSorted((left, right) => left - right);
  expect(numbers).toEqual(Array.from({ length: 140 }, (_, at) => at + 1));
});

test('every test and document that the table names is there, and every test file has tests', () => {
  const named = checks.flatMap(([number, { tests = [], by }]) =>
    [...tests, ...(by === undefined ? [] : [by])].map((file) => ({ number, file })),
  );
  const missing = named.filter(({ file }) => !existsSync(join(ROOT, file)));
  expect(missing).toEqual([]);
  for (const { file } of named.filter(({ file: name }) => name.endsWith('.test.ts')))
    expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(/\b(?:test|it)(?:\.each)?\b/);
});
