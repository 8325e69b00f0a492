/** What the reference says about the fields of a schema: type in words, default, description. */
import { z } from 'zod';
import { unwrap } from '#contract';
import { formatDuration, formatSize } from '#kernel';

type Schema = z.core.$ZodType;

export interface FieldFacts {
  /** `limits.maxBodyBytes`, `messages[].role`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** As somebody would write it; undefined when there is none. */
  readonly fallback: string | undefined;
  readonly description: string;
}

/** The fields of an object schema, those of the objects inside it below it. */
export function describeFields(schema: Schema, above = ''): FieldFacts[] {
  const facts = new Map<string, FieldFacts>();
  for (const object of unwrap(schema).filter((one) => one instanceof z.core.$ZodObject)) {
    for (const [name, field] of Object.entries(object._zod.def.shape as Record<string, Schema>)) {
      const path = `${above}${name}`;
      if (!facts.has(path)) facts.set(path, factsOf(path, field));
      for (const inner of insideOf(field, path)) facts.set(inner.path, facts.get(inner.path) ?? inner);
    }
  }
  return [...facts.values()];
}

function factsOf(path: string, field: Schema): FieldFacts {
  const fallback = fallbackOf(field);
  return {
    path,
    type: typeOf(field),
    required: isRequired(field) && fallback === undefined,
    fallback,
    description: z.globalRegistry.get(field)?.description ?? '',
  };
}

function isRequired(schema: Schema): boolean {
  // What goes into a mere function may be anything; what it must give is what counts.
  if (schema instanceof z.core.$ZodPipe && schema._zod.def.in instanceof z.core.$ZodTransform)
    return isRequired(schema._zod.def.out);
  return schema._zod.optin === undefined;
}

/** Fields of what a field holds; parameters have a table of their own. */
function insideOf(field: Schema, path: string): FieldFacts[] {
  if (titleOf(field) !== undefined) return [];
  const { def } = field._zod;
  if (field instanceof z.core.$ZodUnion) return field._zod.def.options.flatMap((option) => insideOf(option, path));
  if ('innerType' in def) return insideOf(def.innerType as Schema, path);
  return unwrap(field).flatMap((one) => {
    if (one instanceof z.core.$ZodArray)
      return titleOf(one._zod.def.element) ? [] : describeFields(one._zod.def.element, `${path}[].`);
    return one instanceof z.core.$ZodObject ? describeFields(one, `${path}.`) : [];
  });
}

/** What a schema calls itself: `duration`, `size`, `parameter`. */
function titleOf(schema: Schema): string | undefined {
  const title = z.globalRegistry.get(schema)?.title;
  if (title !== undefined) return title;
  const { def } = schema._zod;
  if ('innerType' in def) return titleOf(def.innerType as Schema);
  return schema instanceof z.core.$ZodLazy ? titleOf(schema._zod.def.getter()) : undefined;
}

function typeOf(schema: Schema, depth = 0): string {
  const title = titleOf(schema);
  if (title !== undefined) return title;
  // Only a schema of any JSON goes on for ever.
  if (depth > 3) return 'JSON';
  const branches = schema instanceof z.core.$ZodUnion ? schema._zod.def.options : undefined;
  const words =
    branches?.map((branch) => typeOf(branch, depth + 1)) ?? unwrap(schema).map((one) => wordFor(one, depth + 1));
  return [...new Set(words)].join(' or ');
}

function wordFor(schema: Schema, depth: number): string {
  if (schema instanceof z.core.$ZodEnum)
    return Object.values(schema._zod.def.entries)
      .map((entry) => `\`${entry}\``)
      .join(', ');
  if (schema instanceof z.core.$ZodLiteral)
    return schema._zod.def.values.map((value) => `\`${String(value)}\``).join(', ');
  if (schema instanceof z.core.$ZodArray) return `list of ${plural(typeOf(schema._zod.def.element, depth))}`;
  if (schema instanceof z.core.$ZodRecord) return `mapping to ${typeOf(schema._zod.def.valueType, depth)}`;
  if (schema instanceof z.core.$ZodObject) return 'mapping';
  if (schema instanceof z.core.$ZodString) return 'text';
  if (schema instanceof z.core.$ZodNumber)
    return schema._zod.def.checks?.some(isIntegerCheck) || 'format' in schema._zod.def ? 'whole number' : 'number';
  if (schema instanceof z.core.$ZodBoolean) return '`true`, `false`';
  return 'anything';
}

const isIntegerCheck = (check: z.core.$ZodCheck): boolean => check._zod.def.check === 'number_format';

const plural = (type: string): string =>
  /^[a-z]+$/.test(type) && type !== 'text' && type !== 'anything' ? `${type}s` : type;

function fallbackOf(schema: Schema): string | undefined {
  if (schema instanceof z.core.$ZodDefault) return written(schema._zod.def.defaultValue, titleOf(schema));
  return undefined;
}

function written(value: unknown, title: string | undefined): string | undefined {
  if (typeof value === 'number' && title === 'duration')
    return formatDuration(value).replace(' min', 'm').replace(' ', '');
  if (typeof value === 'number' && title === 'size') return formatSize(value).replace(' ', '');
  if (value === undefined) return undefined;
  // A secret, or an object that a function made: nothing that a file would hold.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? undefined
    : JSON.stringify(value);
}
