import type { z } from 'zod';
import { didYouMean, type ChatelaineError } from '#kernel';
import { fieldsAt } from '#contract';
import { httpError } from './errors.ts';

/** One thing that is wrong with a request, as `errors` of the problem lists it (RFC 9457 §3). */
export interface Violation {
  readonly in: 'path' | 'query' | 'body';
  /** Into the body: a JSON Pointer as URI fragment (RFC 6901 §6), as RFC 9457 writes it. */
  readonly pointer?: string;
  /** Of the path or the query: the parameter. */
  readonly name?: string;
  readonly detail: string;
}

const MOST_VIOLATIONS = 20;

/**
 * The value as the schema gives it. Throws `REQUEST_INVALID` with every violation, none of which
 * repeats a value: a value may be a secret that stands in the wrong place.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: Violation['in'],
): z.output<Schema> {
  const checked = schema.safeParse(value, { reportInput: true });
  if (checked.success) return checked.data;
  const violations = checked.error.issues.flatMap((issue) => violationsOf(issue, schema, where));
  throw invalid(violations.slice(0, MOST_VIOLATIONS));
}

/** The error of a request with these violations. */
export function invalid(violations: readonly Violation[]): ChatelaineError {
  const [first] = violations;
  const more = violations.length === 1 ? '' : ` (and ${violations.length - 1} more)`;
  return httpError('REQUEST_INVALID', `${nameOf(first as Violation)} ${first?.detail}${more}`, {
    details: { violations },
  });
}

const nameOf = ({ in: where, pointer, name }: Violation): string =>
  where === 'body' ? `\`${pointer === '#' ? 'the body' : pointer}\`` : `\`${name}\``;

function violationsOf(issue: z.core.$ZodIssue, schema: z.ZodType, where: Violation['in']): readonly Violation[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path as (string | number)[]);
    return issue.keys.map((key) => ({
      ...placeOf([...issue.path, key.slice(0, 80)], where),
      detail: `is not known here${didYouMean(key.slice(0, 80), known)}`,
    }));
  }
  return [{ ...placeOf(issue.path, where), detail: detailOf(issue) }];
}

function detailOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : `is not of the type \`${issue.expected}\``;
  }
  if (issue.code === 'invalid_value')
    return `is one of ${issue.values.map((value) => `\`${String(value)}\``).join(', ')}`;
  if (issue.code === 'invalid_union') return 'is none of the forms that it may have';
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

function placeOf(path: readonly PropertyKey[], where: Violation['in']): Pick<Violation, 'in' | 'pointer' | 'name'> {
  if (where !== 'body') return { in: where, name: String(path[0] ?? '') };
  return { in: where, pointer: `#${path.map((step) => `/${encodeStep(String(step))}`).join('')}` };
}

/** RFC 6901 §3 and §6: `~` and `/` escaped, then what a URI fragment cannot hold. */
const encodeStep = (step: string): string => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
