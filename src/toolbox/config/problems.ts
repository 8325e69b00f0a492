import { didYouMean } from '#kernel';
import type { Place } from '#contract';

/** What can be wrong with a configuration, by code; the reference lists them. */
export const PROBLEM_CODES = {
  FILE_UNREADABLE: 'a file or folder cannot be read, is too large, or is not UTF-8 text',
  YAML_SYNTAX: 'the text is not YAML 1.2',
  YAML_REFUSED: 'YAML that two readers could understand differently, or that only an attack would need',
  VARIABLE_UNSET: 'an environment variable without a default is not set',
  SECRET_UNREADABLE: 'a secret that the configuration refers to cannot be read',
  SECRET_MISPLACED: 'a secret of the vault is named where none can stand',
  NOTHING_DECLARED: 'the files hold no document at all',
  KIND_UNKNOWN: 'a document does not say what it is, or says something that does not exist',
  TYPE_UNKNOWN: 'a `type` that does not exist',
  FIELD_UNKNOWN: 'a field that does not exist where it stands',
  FIELD_MISSING: 'a required field is missing',
  FIELD_WRONG: 'a field has the wrong type or a value that is not accepted',
  NAME_TAKEN: 'two documents of one kind have the same name',
  NAME_UNKNOWN: 'a reference to something that is not declared',
  UNENFORCEABLE: 'something that looks like protection and would not protect',
  CONTRADICTION: 'fields that contradict each other',
  POLICY_WRONG: 'a policy that is not Cedar, or speaks of what there is not',
  TOOL_LINT: 'a tool that says less of itself than it should, or something else',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** One thing wrong with a configuration: where, what, and what to do. */
export interface Problem extends Place {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
}

/** Makes a problem at a place. */
export function problemAt(place: Place, code: ProblemCode, message: string, hint?: string): Problem {
  return hint === undefined ? { ...place, code, message } : { ...place, code, message, hint };
}

/** A place in a file of which nothing could be read. */
export const wholeFile = (file: string): Place => ({ file, line: 1, column: 1, excerpt: '' });

/** "`a`, `b` and `c`", for messages that list what there is. */
export function listed(names: Iterable<string>): string {
  const quoted = [...names].map((name) => `\`${name}\``);
  const last = quoted.pop();
  if (last === undefined) return 'none';
  return quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`;
}

/** Ends a sentence about an unknown name: the nearest one that exists, else all of them where they are few. */
export function suggest(given: string, candidates: readonly string[], what: string): string {
  // Looking through more would take longer than reading them.
  const near = candidates.length > 2000 ? '' : didYouMean(given, candidates);
  if (near !== '') return near;
  if (candidates.length === 0) return `; there are no ${what}`;
  return candidates.length > 12 ? '' : `; there ${candidates.length === 1 ? 'is' : 'are'} ${listed(candidates)}`;
}

/** A problem for people: place and message, the excerpt, the hint. */
export function formatProblem(problem: Problem, severity: 'error' | 'warning' = 'error'): string {
  const lines = [
    `${problem.file}:${problem.line}:${problem.column}: ${severity}: ${problem.message} [${problem.code}]`,
  ];
  if (problem.excerpt !== '') lines.push(...problem.excerpt.split('\n').map((line) => `  ${line}`));
  if (problem.hint !== undefined) lines.push(`  hint: ${problem.hint}`);
  return lines.join('\n');
}

/** In the order of a reader: by file, then from top to bottom; the same one twice counts once. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = JSON.stringify([problem.file, problem.line, problem.column, problem.message]);
      return !seen.has(key) && seen.add(key);
    })
    .toSorted((a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column);
}
