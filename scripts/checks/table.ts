/** `conformance/checks.yaml`: what is expected of a keeper of tools and keys, and what shows each of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const LAST = 140;
export const COMING = ['console', 'kubernetes', 'documentation', 'registry'] as const;

const text = z.string().min(1);
const entry = z
  .strictObject({
    check: text,
    tests: z
      .array(z.tuple([text, text]))
      .min(1)
      .optional(),
    document: z.tuple([text, text]).optional(),
    open: z.strictObject({ by: z.enum(COMING), why: text }).optional(),
  })
  .refine(({ tests, document, open }) => (tests ?? document ?? open) !== undefined, { error: 'nothing answers it' })
  .refine(({ document, open }) => document === undefined || open === undefined, { error: 'it is answered and open' });
const table = z.record(z.string(), z.record(z.string().regex(/^[1-9]\d*$/), entry));

export interface Check extends z.output<typeof entry> {
  readonly number: number;
  readonly area: string;
}

export function readChecks(yaml: string): readonly Check[] {
  return Object.entries(table.parse(parse(yaml))).flatMap(([area, checks]) =>
    Object.entries(checks).map(([number, check]) => ({ number: Number(number), area, ...check })),
  );
}

/** Open wins: what is only partly shown is not shown. */
export function standing({ open, tests }: Check): 'shown' | 'document' | `open: ${(typeof COMING)[number]}` {
  if (open !== undefined) return `open: ${open.by}`;
  return tests === undefined ? 'document' : 'shown';
}

export function counts(checks: readonly Check[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>(
    ['shown', 'document', ...COMING.map((by) => `open: ${by}`)].map((key) => [key, 0]),
  );
  for (const check of checks) sums.set(standing(check), (sums.get(standing(check)) ?? 0) + 1);
  return sums;
}

/** The title as it stands in a source, behind any of the quotes that it may be written in. */
function placeOf(title: string, source: string): number {
  const spellings = [`'${title.replaceAll("'", String.raw`\'`)}`, `"${title}`, `\`${title}`];
  return Math.max(...spellings.map((spelling) => source.indexOf(spelling)));
}

const NEVER_RUNS = /\b(?:describe|it|test)(?:\.\w+)*\.(?:skip|todo|fails)\b/g;

function faultOfTest(root: string, [file, title]: readonly [string, string]): string | undefined {
  if (!/\.(?:test|contract)\.ts$/.test(file)) return `${file} is no file of tests`;
  if (!existsSync(join(root, file))) return `${file} is not there`;
  const source = readFileSync(join(root, file), 'utf8');
  if (placeOf(title, source) === -1) return `${file} has no test \`${title}\``;
  return source.search(NEVER_RUNS) === -1 ? undefined : `${file} has tests that never run`;
}

function faultOfDocument(root: string, [file, heading]: readonly [string, string]): string | undefined {
  if (!existsSync(join(root, file))) return `${file} is not there`;
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const at = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (at === -1) return `${file} has no heading \`${heading}\``;
  const next = lines.findIndex((line, index) => index > at && /^#+ /.test(line));
  const section = lines
    .slice(at + 1, next === -1 ? undefined : next)
    .join(' ')
    .trim();
  return section === '' ? `${file} says nothing under \`${heading}\`` : undefined;
}

/** What the table says and the repository does not bear out. */
export function faults(checks: readonly Check[], root: string): readonly string[] {
  const numbers = checks.map(({ number }) => number);
  const wrong = Array.from({ length: LAST }, (_, at) => at + 1)
    .map((number) => [number, numbers.filter((one) => one === number).length] as const)
    .filter(([, times]) => times !== 1)
    .map(([number, times]) => `check ${number} stands there ${times} times`);
  const foreign = numbers.filter((number) => number > LAST).map((number) => `there is no check ${number}`);
  const unborne = checks.flatMap(({ number, tests = [], document }) =>
    [...tests.map((test) => faultOfTest(root, test)), document && faultOfDocument(root, document)]
      .filter((fault) => fault !== undefined)
      .map((fault) => `check ${number}: ${fault}`),
  );
  return [...wrong, ...foreign, ...unborne];
}
