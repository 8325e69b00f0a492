import type { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import type { FieldPath } from '#contract';
import { leafIssues, problemsOf, valueAt, type Issue, type IssueContext } from './schema-issues.ts';
import type { Problem } from './problems.ts';
import { FILE_LIMITS } from './yaml-limits.ts';

/**
 * Reads a part of a document with a schema. Three things are tried again where the schema says no,
 * because the text allows both readings: `field:` with nothing behind it, or with an empty variable, is
 * an absent field; a plain `${PORT}` may be the number that it spells; a plain `5432` may be text.
 *
 * The schema decides: a field that takes text keeps the text, so a password of digits stays one.
 */
export function applySchema<Output>(
  context: IssueContext & { readonly schema: z.ZodType<Output> },
): Result<Output, readonly Problem[]> {
  const tried = new Set<string>();
  for (;;) {
    const parsed = context.schema.safeParse(context.value);
    if (parsed.success) return ok(parsed.data);
    let adapted = false;
    for (const issue of parsed.error.issues) adapted = adapt(issue, context, tried) || adapted;
    // Each place is adapted once at most, so this ends.
    if (!adapted)
      return err(parsed.error.issues.slice(0, FILE_LIMITS.problems).flatMap((issue) => problemsOf(issue, context)));
  }
}

/** Puts the other reading in the place of each refused value that has one. */
function adapt(issue: Issue, { document, value }: IssueContext, tried: Set<string>): boolean {
  let adapted = false;
  for (const { path, wanted } of refusals(issue)) {
    const last = path.at(-1);
    const container = valueAt(value, path.slice(0, -1));
    if (last === undefined || typeof container !== 'object' || container === null || !Object.hasOwn(container, last))
      continue;
    const key = JSON.stringify(path);
    if (tried.has(key)) continue;
    const holder = container as Record<string | number, unknown>;
    const current = holder[last];
    const member = document.member(path);
    const isEmpty =
      current === null || (current === '' && member?.environment?.plain === true && !wanted.has('string'));
    if (isEmpty && !Array.isArray(container)) {
      delete holder[last];
    } else if (typeof current === 'string' && member?.environment?.plain) {
      const read = readScalar(current, wanted);
      if (read === undefined) continue;
      holder[last] = read;
    } else if (member?.written !== undefined && typeof current !== 'string' && wanted.has('string')) {
      holder[last] = member.written;
    } else {
      continue;
    }
    tried.add(key);
    adapted = true;
  }
  return adapted;
}

/** Where a schema wanted another type, and which; every branch of a union counts. */
function refusals(issue: Issue, above: FieldPath = []): { path: FieldPath; wanted: Set<string> }[] {
  const found: { path: FieldPath; wanted: Set<string> }[] = [];
  for (const { issue: leaf, path } of leafIssues(issue, above)) {
    if (leaf.code === 'invalid_type') found.push({ path, wanted: new Set([leaf.expected]) });
    if (leaf.code === 'invalid_value') found.push({ path, wanted: new Set(leaf.values.map((value) => typeof value)) });
    if (leaf.code === 'invalid_union') {
      const inner = leaf.errors.flatMap((branch) => branch.flatMap((one) => refusals(one, path)));
      found.push(...inner);
    }
  }
  return found;
}

function readScalar(text: string, wanted: ReadonlySet<string>): number | boolean | undefined {
  if (wanted.has('boolean') && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const isNumber = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text);
  return isNumber && (wanted.has('number') || wanted.has('int')) ? Number(text) : undefined;
}
