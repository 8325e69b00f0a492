/** The structural schema of a zod schema: of what is written, before zod reads it. */
import { z } from 'zod';
import { structural, type StructuralFacts } from '#contract/kubernetes';
import type { JsonValue } from '#kernel';
import { boundsOf } from './bounds.ts';
import { flatUnion } from './flat-union.ts';
import { goPattern } from './go-pattern.ts';
import { SchemaFault } from './schema-fault.ts';
import { objectOfFields, type Field, type StructuralSchema } from './structural-schema.ts';
import { validationRules } from './validation-rules.ts';

type Schema = z.core.$ZodType;

export const structuralSchema = (schema: Schema, path = ''): StructuralSchema => fieldOf(schema, path).schema;

/** Optional, default and what else is around a schema; what is said further out counts. */
function fieldOf(schema: Schema, path: string): Field {
  const description = z.globalRegistry.get(schema)?.description;
  if (schema instanceof z.core.$ZodOptional)
    return { schema: described(fieldOf(schema._zod.def.innerType, path).schema, description), isRequired: false };
  if (schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodPrefault) {
    const inner = fieldOf(schema._zod.def.innerType, path).schema;
    const fallback = filled(schema._zod.def.defaultValue as JsonValue, inner);
    return { schema: { ...described(inner, description), default: fallback }, isRequired: false };
  }
  const facts = structural.get(schema);
  const body = bodyOf(schema, facts, path);
  const rules = [...(body['x-kubernetes-validations'] ?? []), ...validationRules(facts)];
  return {
    schema: described({ ...body, ...(rules.length > 0 && { 'x-kubernetes-validations': rules }) }, description),
    isRequired: true,
  };
}

const described = (schema: StructuralSchema, description: string | undefined): StructuralSchema =>
  description === undefined ? schema : { ...schema, description };

function bodyOf(schema: Schema, facts: StructuralFacts | undefined, path: string): StructuralSchema {
  if (facts?.isOpaque === true) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  if (schema instanceof z.core.$ZodObject) return objectOf(schema, path);
  if (schema instanceof z.core.$ZodDiscriminatedUnion) return flatUnion(schema, path, fieldOf);
  if (schema instanceof z.core.$ZodArray) return arrayOf(schema, facts, path);
  if (schema instanceof z.core.$ZodRecord) return mappingOf(schema, facts, path);
  if (schema instanceof z.core.$ZodEnum)
    return { type: 'string', enum: Object.values(schema._zod.def.entries).map(String) };
  if (schema instanceof z.core.$ZodLiteral) return { type: 'string', enum: schema._zod.def.values.map(String) };
  if (schema instanceof z.core.$ZodBoolean) return { type: 'boolean' };
  if (schema instanceof z.core.$ZodNumber) return wholeNumberOf(schema, facts, path);
  if (schema instanceof z.core.$ZodString) return textOf(schema, facts, path);
  throw new SchemaFault(path, `what zod calls \`${schema._zod.def.type}\` has no structural schema`);
}

function objectOf(schema: z.core.$ZodObject, path: string): StructuralSchema {
  const fields = Object.entries(schema._zod.def.shape as Record<string, Schema>).map(
    ([name, field]) => [name, fieldOf(field, `${path}.${name}`)] as const,
  );
  return objectOfFields(fields, path);
}

function arrayOf(schema: z.core.$ZodArray, facts: StructuralFacts | undefined, path: string): StructuralSchema {
  const { minimum, maximum } = boundsOf(schema);
  if (maximum === undefined) throw new SchemaFault(path, 'the list has no `max`');
  if (facts?.list === undefined) throw new SchemaFault(path, 'it is not said what tells entries of the list apart');
  return {
    type: 'array',
    ...(minimum !== undefined && { minItems: minimum }),
    maxItems: maximum,
    items: fieldOf(schema._zod.def.element, `${path}[]`).schema,
    'x-kubernetes-list-type': facts.list.type,
    ...(facts.list.type === 'map' && { 'x-kubernetes-list-map-keys': facts.list.keys }),
  };
}

function mappingOf(schema: z.core.$ZodRecord, facts: StructuralFacts | undefined, path: string): StructuralSchema {
  const key = boundsOf(schema._zod.def.keyType);
  if (facts?.mostMembers === undefined || key.maximum === undefined)
    throw new SchemaFault(path, 'the mapping has no bound, or its keys have none');
  if (key.patterns.length > 0) throw new SchemaFault(path, 'the API server matches keys against no pattern');
  const least = key.minimum ?? 0;
  return {
    type: 'object',
    maxProperties: facts.mostMembers,
    additionalProperties: fieldOf(schema._zod.def.valueType, `${path}.*`).schema,
    'x-kubernetes-validations': [
      {
        rule: `self.all(name, name.size() >= ${least} && name.size() <= ${key.maximum})`,
        message: `a name here has ${least} to ${key.maximum} characters`,
      },
    ],
  };
}

function wholeNumberOf(schema: Schema, facts: StructuralFacts | undefined, path: string): StructuralSchema {
  const { minimum, maximum } = boundsOf(schema);
  if (minimum === undefined || maximum === undefined) throw new SchemaFault(path, 'the number has no bounds');
  const format = facts?.format ?? (maximum <= 0x7fff_ffff ? 'int32' : 'int64');
  return { type: 'integer', format, minimum, maximum };
}

function textOf(schema: Schema, facts: StructuralFacts | undefined, path: string): StructuralSchema {
  const { minimum, maximum, patterns } = boundsOf(schema);
  if (maximum === undefined) throw new SchemaFault(path, 'the text has no `max`');
  const [pattern, ...others] = patterns.map((one) => goPattern(one, path));
  return {
    type: 'string',
    ...(facts?.format !== undefined && { format: facts.format }),
    ...(minimum !== undefined && { minLength: minimum }),
    maxLength: maximum,
    ...(pattern !== undefined && { pattern }),
    ...(others.length > 0 && { allOf: others.map((one) => ({ pattern: one })) }),
  };
}

/** A default with the defaults inside it: rules are asked of the definition's own default too, as it stands. */
function filled(value: JsonValue, { properties }: StructuralSchema): JsonValue {
  if (properties === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const inside = Object.entries(properties).flatMap(([name, { default: fallback }]) =>
    fallback === undefined || Object.hasOwn(value, name) ? [] : [[name, fallback] as const],
  );
  return { ...Object.fromEntries(inside), ...value };
}
