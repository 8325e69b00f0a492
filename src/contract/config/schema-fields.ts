/**
 * Looking into zod schemas: which fields stand at a path (to suggest the one that was meant) and what
 * each of them is (to write the reference).
 */
import { z } from 'zod';
import type { FieldPath } from './position.ts';

type Schema = z.core.$ZodType;

/** The fields that an object at a path of the schema may have; those of every branch of a union. */
export function fieldsAt(schema: Schema, path: FieldPath): string[] {
  const names = new Set<string>();
  for (const object of objectsAt(schema, path)) for (const name of Object.keys(object._zod.def.shape)) names.add(name);
  return [...names];
}

/**
 * Every schema that a path leads to, wrapped as it was written, so that what is said about a field
 * (`meta`) can be asked of it.
 */
export function schemasAt(schema: Schema, path: FieldPath): Schema[] {
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  return unwrap(schema).flatMap((candidate) => {
    const next = childOf(candidate, step);
    return next === undefined ? [] : schemasAt(next, rest);
  });
}

/** The object schemas that a path leads to. */
function objectsAt(schema: Schema, path: FieldPath): z.core.$ZodObject[] {
  const found: z.core.$ZodObject[] = [];
  for (const candidate of unwrap(schema)) {
    const [step, ...rest] = path;
    if (step === undefined) {
      if (candidate instanceof z.core.$ZodObject) found.push(candidate);
      continue;
    }
    const next = childOf(candidate, step);
    if (next) found.push(...objectsAt(next, rest));
  }
  return found;
}

function childOf(schema: Schema, step: string | number): Schema | undefined {
  if (schema instanceof z.core.$ZodObject) {
    const { shape } = schema._zod.def;
    return Object.hasOwn(shape, step) ? shape[step] : undefined;
  }
  if (schema instanceof z.core.$ZodArray) return schema._zod.def.element;
  if (schema instanceof z.core.$ZodRecord) return schema._zod.def.valueType;
  if (schema instanceof z.core.$ZodTuple) return schema._zod.def.items[Number(step)];
  return undefined;
}

/** The schemas that a value must satisfy in the end, without what wraps them. */
export function unwrap(schema: Schema): Schema[] {
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options.flatMap(unwrap);
  if (schema instanceof z.core.$ZodIntersection) return [schema._zod.def.left, schema._zod.def.right].flatMap(unwrap);
  if (schema instanceof z.core.$ZodLazy) return unwrap(schema._zod.def.getter());
  // What is written in a file is the input side, unless that side is a mere function.
  if (schema instanceof z.core.$ZodPipe) {
    const { in: input, out: output } = schema._zod.def;
    return unwrap(input instanceof z.core.$ZodTransform ? output : input);
  }
  const inner = innerOf(schema);
  return inner ? unwrap(inner) : [schema];
}

function innerOf(schema: Schema): Schema | undefined {
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodReadonly ||
    schema instanceof z.core.$ZodNonOptional ||
    schema instanceof z.core.$ZodCatch
  ) {
    return schema._zod.def.innerType;
  }
  return undefined;
}
