/**
 * One object of a union by `type`. Structural schemas have no union of objects: all fields stand side by side, and
 * rules made of the union say which go with which type.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { structural } from '#contract/kubernetes';
import { SchemaFault } from './schema-fault.ts';
import { objectOfFields, type Field, type StructuralSchema } from './structural-schema.ts';
import { ofTypes, oneOf, validationRules, type ValidationRule } from './validation-rules.ts';

interface Variant {
  readonly type: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly rules: readonly ValidationRule[];
}

interface Found {
  readonly name: string;
  readonly variants: readonly { readonly type: string; readonly field: Field }[];
}

/** `read` gives what a field of an option is. */
type Read = (schema: z.core.$ZodType, path: string) => Field;

export function flatUnion(schema: z.core.$ZodDiscriminatedUnion, path: string, read: Read): StructuralSchema {
  const { discriminator, options } = schema._zod.def;
  const variants = options.map((option) => variantOf(option, discriminator, path, read));
  const types = variants.map(({ type }) => type);
  const names = [...new Set(variants.flatMap(({ fields }) => [...fields.keys()]))];
  const found = names
    .filter((name) => name !== discriminator)
    .map((name): Found => ({
      name,
      variants: variants.flatMap(({ type, fields }) => {
        const field = fields.get(name);
        return field === undefined ? [] : [{ type, field }];
      }),
    }));
  const description = variants[0]?.fields.get(discriminator)?.schema.description ?? '';
  const body = objectOfFields(
    [
      [discriminator, { schema: { type: 'string', description, enum: types }, isRequired: true }],
      ...found.map((one) => [one.name, merged(one, types, path)] as const),
    ],
    path,
  );
  const rules = [
    ...found.flatMap((one) => presenceRules(one, discriminator, types)),
    ...sharedRules(variants, discriminator),
  ];
  return { ...body, ...(rules.length > 0 && { 'x-kubernetes-validations': rules }) };
}

function variantOf(option: z.core.$ZodType, discriminator: string, path: string, read: Read): Variant {
  if (!(option instanceof z.core.$ZodObject)) throw new SchemaFault(path, 'the union is not one of objects');
  const shape = option._zod.def.shape as Record<string, z.core.$ZodType>;
  const literal = shape[discriminator];
  if (!(literal instanceof z.core.$ZodLiteral)) throw new SchemaFault(path, `\`${discriminator}\` is no literal`);
  const type = String(literal._zod.def.values[0]);
  return {
    type,
    fields: new Map(Object.entries(shape).map(([name, field]) => [name, read(field, `${path}.${name}`)])),
    rules: validationRules(structural.get(option)),
  };
}

function merged({ name, variants }: Found, types: readonly string[], path: string): Field {
  const [first, ...others] = variants.map(({ field }) => field);
  if (first === undefined) throw new SchemaFault(`${path}.${name}`, 'no type has the field');
  const form = formOf(first.schema);
  if (!others.every(({ schema }) => isDeepStrictEqual(formOf(schema), form)))
    throw new SchemaFault(`${path}.${name}`, 'the field has one form with one type and another with another');
  const isOfAll = variants.length === types.length;
  const fallback = variants.every(({ field }) => isDeepStrictEqual(field.schema.default, first.schema.default))
    ? first.schema.default
    : undefined;
  // A default would give the field to types that do not have it.
  const { default: _fallback, ...rest } = first.schema;
  return {
    schema: {
      ...rest,
      description: descriptionOf(variants, isOfAll),
      ...(isOfAll && fallback !== undefined && { default: fallback }),
    },
    isRequired: isOfAll && variants.every(({ field }) => field.isRequired),
  };
}

/** All but the words about it. */
function formOf(schema: StructuralSchema): object {
  const { description: _description, default: _fallback, ...form } = schema;
  return form;
}

/** What each type says of the field, and once where they say the same. */
function descriptionOf(variants: Found['variants'], isOfAll: boolean): string {
  const texts = Map.groupBy(variants, ({ field: { schema } }) => {
    const unless =
      schema.default === undefined || isOfAll ? '' : ` Unless said: \`${JSON.stringify(schema.default)}\`.`;
    return `${schema.description ?? ''}${unless}`;
  });
  if (texts.size === 1 && isOfAll) return [...texts.keys()][0] ?? '';
  return [...texts].map(([text, of]) => `${of.map(({ type }) => `\`${type}\``).join(', ')}: ${text}`).join(' ');
}

function presenceRules({ name, variants }: Found, discriminator: string, types: readonly string[]): ValidationRule[] {
  const having = variants.map(({ type }) => type);
  const needing = variants.filter(({ field }) => field.isRequired).map(({ type }) => type);
  const rules: ValidationRule[] = [];
  if (having.length < types.length)
    rules.push({
      rule: `!has(self.${name}) || ${oneOf(discriminator, having)}`,
      message: `\`${name}\` goes with ${listed(having, discriminator)}`,
      fieldPath: `.${name}`,
      reason: 'FieldValueForbidden',
    });
  if (needing.length > 0 && needing.length < types.length)
    rules.push({
      ...ofTypes(discriminator, needing, {
        rule: `has(self.${name})`,
        message: `\`${name}\` is missing: ${listed(needing, discriminator)} needs it`,
      }),
      fieldPath: `.${name}`,
      reason: 'FieldValueRequired',
    });
  return rules;
}

/** A rule of several types is asked once. */
function sharedRules(variants: readonly Variant[], discriminator: string): ValidationRule[] {
  const all = variants.flatMap(({ type, rules }) => rules.map((rule) => ({ type, rule })));
  return [...Map.groupBy(all, ({ rule }) => JSON.stringify(rule)).values()].flatMap((same) => {
    const rule = same[0]?.rule;
    if (rule === undefined) return [];
    const types = same.map(({ type }) => type);
    return [types.length === variants.length ? rule : ofTypes(discriminator, types, rule)];
  });
}

const listed = (types: readonly string[], discriminator: string): string =>
  `\`${discriminator}\` ${types.map((type) => `\`${type}\``).join(', ')}`;
