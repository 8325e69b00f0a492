/**
 * Turns what a schema finds wrong into problems: the field by its path, what it takes, what it got,
 * and the nearest name that would have been right.
 */
import type { z } from 'zod';
import { fieldsAt, type FieldPath } from '#contract';
import { nearest } from '#kernel';
import type { RawDocument } from './raw-document.ts';
import { FILE_LIMITS } from './yaml-limits.ts';
import { listed, problemAt, PROBLEM_CODES, suggest, type Problem, type ProblemCode } from './problems.ts';

export type Issue = z.core.$ZodIssue;

/** What other configuration languages call a thing, and what it is called here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  int: 'integer',
  int64: 'integer',
  long: 'integer',
  number: 'float',
  double: 'float',
  bool: 'boolean',
  str: 'string',
  strings: 'string',
  text: 'string',
  list: 'array',
  object: 'map',
  dict: 'map',
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
};

/** Finds the value that a path names, as the document has it now. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The issues with no other inside: of a union, those of the branch that was most likely meant. */
export function leafIssues(issue: Issue, above: FieldPath = []): { issue: Issue; path: FieldPath }[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const meant = issue.errors.find((branch) => !branch.some((inner) => isAboutWhole(inner)));
    if (meant) return meant.flatMap((inner) => leafIssues(inner, path));
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    return issue.issues.flatMap((inner) => leafIssues({ ...inner, path: [] }, path));
  }
  return [{ issue, path }];
}

const isAboutWhole = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');

export interface IssueContext {
  readonly document: RawDocument;
  /** What the schema was given: the document or the part of it that a type reads. */
  readonly value: unknown;
  readonly schema: z.core.$ZodType;
  /** Fields that stand beside those of the schema at the top of the document. */
  readonly siblings?: readonly string[];
}

/** The problems of one issue; none where the cause was reported already. */
export function problemsOf(issue: Issue, context: IssueContext): Problem[] {
  return leafIssues(issue).flatMap(({ issue, path }) => {
    const { document } = context;
    const member = document.member(path);
    if (member?.environment?.unset) return [];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, FILE_LIMITS.problems).map((key) => unknownField(path, key, context));
    const value = valueAt(context.value, path);
    if (value === undefined && issue.code !== 'custom' && path.length > 0) {
      if (member?.refused) return [];
      return [problemAt(document.locate(path.slice(0, -1)), 'FIELD_MISSING', `\`${showPath(path)}\` is missing`)];
    }
    const { code, message, hint } = describe(issue, path, value);
    return [
      problemAt(document.locate(path), code, hideEnvironment(message, value, member?.environment?.written), hint),
    ];
  });
}

function unknownField(path: FieldPath, key: string, { document, schema, siblings = [] }: IssueContext): Problem {
  const place = document.locateKey([...path, key]);
  const known = [...fieldsAt(schema, path), ...(path.length === 0 ? siblings : [])];
  const where = path.length === 0 ? 'here' : `in \`${showPath(path)}\``;
  if (key === 'authSources') {
    return problemAt(place, 'FIELD_UNKNOWN', '`authSources` is no longer read', 'Rename it to `authServices`.');
  }
  return problemAt(
    place,
    'FIELD_UNKNOWN',
    `there is no field \`${key}\` ${where}${suggest(
      key,
      known.toSorted((a, b) => a.localeCompare(b)),
      'fields',
    )}`,
  );
}

interface Description {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
}

function describe(issue: Issue, path: FieldPath, value: unknown): Description {
  const field = path.length === 0 ? 'the document' : `\`${showPath(path)}\``;
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(field, [issue.expected], value);
    case 'invalid_union': {
      if ('options' in issue && Array.isArray(issue.options))
        return wrongValue(field, issue.options.map(String), value);
      const expected = issue.errors.flatMap((branch) => branch.flatMap(expectedBy));
      if (expected.length > 0) return wrongType(field, expected, value);
      break;
    }
    case 'invalid_value':
      return wrongValue(field, issue.values.map(String), value);
    case 'too_small':
    case 'too_big':
      if (/^Too (small|big)/.test(issue.message))
        return { code: 'FIELD_WRONG', message: outOfRange(field, issue, value) };
      break;
    case 'invalid_format':
      if (issue.message.startsWith('Invalid'))
        return { code: 'FIELD_WRONG', message: `${field} is not a valid ${issue.format}` };
      break;
    case 'custom': {
      const said: unknown = issue.params?.['problem'];
      const code =
        typeof said === 'string' && Object.hasOwn(PROBLEM_CODES, said) ? (said as ProblemCode) : 'FIELD_WRONG';
      // A message that quotes a field says which one is meant.
      const message = path.length === 0 || issue.message.startsWith('`') ? issue.message : `${field}: ${issue.message}`;
      return { code, message };
    }
    default:
  }
  return { code: 'FIELD_WRONG', message: `${field}: ${lowerFirst(issue.message)}` };
}

const expectedBy = (issue: Issue): string[] => {
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => `\`${String(value)}\``);
  return [];
};

function wrongType(field: string, expected: readonly string[], value: unknown): Description {
  const takes = [...new Set(expected.map((type) => EXPECTED[type] ?? type))];
  const last = takes.pop() ?? 'something else';
  const message = `${field} takes ${takes.length > 0 ? `${takes.join(', ')} or ${last}` : last}, not ${received(value)}`;
  if (typeof value === 'string' && expected.includes('boolean') && /^(yes|no|on|off|y|n)$/i.test(value)) {
    return { code: 'FIELD_WRONG', message, hint: 'YAML 1.2 has `true` and `false` alone.' };
  }
  if (
    typeof value === 'string' &&
    /^[\d.]+$/.test(value) &&
    (expected.includes('number') || expected.includes('int'))
  ) {
    return { code: 'FIELD_WRONG', message, hint: 'Take the quotes away.' };
  }
  return { code: 'FIELD_WRONG', message };
}

function received(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return `${typeof value === 'string' ? 'the text ' : ''}\`${shown.length > 40 ? `${shown.slice(0, 40)}…` : shown}\``;
}

function wrongValue(field: string, values: readonly string[], value: unknown): Description {
  const given = typeof value === 'string' ? value : '';
  const synonym = SYNONYMS[given];
  const meant = synonym !== undefined && values.includes(synonym) ? synonym : nearest(given, values);
  const message = `${field} takes ${listed(values).replace(/ and (?=[^ ]+$)/, ' or ')}, not ${received(value)}`;
  return { code: 'FIELD_WRONG', message: meant === undefined ? message : `${message}; did you mean \`${meant}\`?` };
}

function outOfRange(field: string, issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, value: unknown): string {
  const [limit, word] =
    issue.code === 'too_small'
      ? [Number(issue.minimum), issue.inclusive === false ? 'more than' : 'at least']
      : [Number(issue.maximum), issue.inclusive === false ? 'less than' : 'at most'];
  if (issue.origin === 'string') return `${field} takes ${word} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (issue.origin === 'array') return `${field} takes ${word} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `${field} takes a number of ${word} ${limit}, not ${received(value)}`;
}

/** A value from the environment may be a secret; a message shows how the file asks for it instead. */
export function hideEnvironment(message: string, value: unknown, written: string | undefined): string {
  if (written === undefined || typeof value !== 'string' || value === '') return message;
  const beginning = value.slice(0, 40);
  return message.replaceAll(value, written).replaceAll(beginning, written);
}

/** `parameters[0].type`. */
export function showPath(path: FieldPath): string {
  return path.reduce<string>(
    (shown, step) => (typeof step === 'number' ? `${shown}[${step}]` : shown === '' ? step : `${shown}.${step}`),
    '',
  );
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
