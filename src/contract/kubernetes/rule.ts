/** Rules between fields, each said once: in CEL for the API server, and beside it for zod. */
import { z } from 'zod';
import { saying, structural } from './structural.ts';

interface Said {
  /** CEL. `self` is the value; a field that may be left out is asked for with `has`. */
  readonly rule: string;
  /** A fixed text: one that is made of values, the API server charges as if it had no end, and refuses the definition. */
  readonly message: string;
  /** The field that is at fault; the value as a whole without it. */
  readonly field?: string;
}

/** What must hold of a value. */
export interface Rule<Value> extends Said {
  readonly holds: (value: Value) => boolean;
}

/** What must hold between a value and the one that was there before, `oldSelf`. */
export interface Transition<Value> extends Said {
  readonly holds: (value: Value, old: Value) => boolean;
}

/** The schema, with rules that zod keeps and the generator writes down. */
export function ruled<Schema extends z.ZodType>(schema: Schema, ...rules: readonly Rule<z.output<Schema>>[]): Schema {
  const checked = schema.superRefine((value, context) => {
    for (const { holds, message, field } of rules)
      if (!holds(value))
        context.addIssue({
          code: 'custom',
          path: field === undefined ? [] : [field],
          message,
        });
  });
  const before = structural.get(schema)?.rules ?? [];
  return saying(checked, { rules: [...before, ...(rules as readonly Rule<never>[])] });
}

/** The schema, with rules about changes. zod sees one value at a time: `transitionFaults` judges them. */
export function changing<Schema extends z.ZodType>(
  schema: Schema,
  ...transitions: readonly Transition<z.output<Schema>>[]
): Schema {
  const before = structural.get(schema)?.transitions ?? [];
  return saying(schema, { transitions: [...before, ...(transitions as readonly Transition<never>[])] });
}

/** A field that stays what it was when the object was made. */
export const fixed = (message: string): Transition<unknown> => ({
  rule: 'self == oldSelf',
  holds: (value, old) => JSON.stringify(value) === JSON.stringify(old),
  message,
});

export interface TransitionFault {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * What stands against a change of one parsed object into another. As the API server has it, a rule is asked where the value is there before and after,
 * and entries of lists are not paired.
 */
export function transitionFaults(schema: z.core.$ZodType, value: unknown, old: unknown): TransitionFault[] {
  if (value === undefined || old === undefined) return [];
  const facts = structural.get(schema);
  const faults = (facts?.transitions ?? [])
    .filter(({ holds }) => !holds(value as never, old as never))
    .map(({ message, field }): TransitionFault => ({
      path: field === undefined ? [] : [field],
      message,
    }));
  for (const [name, field, isOuter] of partsOf(schema)) {
    const inner = isOuter
      ? transitionFaults(field, value, old)
      : transitionFaults(field, memberOf(value, name), memberOf(old, name));
    faults.push(...inner.map(({ path, message }) => ({ path: isOuter ? path : [name, ...path], message })));
  }
  return faults;
}

function partsOf(schema: z.core.$ZodType): [name: string, field: z.core.$ZodType, isOuter: boolean][] {
  if (schema instanceof z.core.$ZodObject)
    return Object.entries(schema._zod.def.shape as Record<string, z.core.$ZodType>).map(([name, field]) => [
      name,
      field,
      false,
    ]);
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options.map((option) => ['', option, true]);
  const { def } = schema._zod;
  return 'innerType' in def ? [['', def.innerType as z.core.$ZodType, true]] : [];
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
