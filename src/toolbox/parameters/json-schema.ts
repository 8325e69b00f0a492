/**
 * The published side of a declaration: JSON Schema 2020-12. It says what the check enforces, so that a
 * client that validates first is never surprised, with two exceptions that no schema needs to spell
 * out: integers end where JSON numbers lose digits, and explicit null counts as absent.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import { compilePattern } from './pattern.ts';
import { compileValueList, type ValueList } from './value-list.ts';

const TYPES = {
  string: 'string',
  integer: 'integer',
  float: 'number',
  boolean: 'boolean',
  array: 'array',
  map: 'object',
} as const;

/** The schema of one parameter that compiled. */
export function parameterSchemaOf(declaration: ParameterDeclaration): JsonObject {
  const { title, description, examples } = declaration;
  return {
    type: TYPES[declaration.type],
    ...(title !== undefined && { title }),
    ...(description !== '' && { description }),
    ...limitsOf(declaration),
    ...valuesOf(declaration),
    ...partsOf(declaration),
    ...(declaration.default !== undefined && { default: declaration.default as JsonValue }),
    ...(examples !== undefined && { examples: examples as JsonValue[] }),
  };
}

/** The schema of an object with the given parameters. Other names are ignored, so they are not forbidden. */
export function objectSchemaOf(declarations: readonly ParameterDeclaration[]): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(declarations.map((entry) => [entry.name, parameterSchemaOf(entry)])),
    required: declarations.filter(isRequired).map((entry) => entry.name),
  };
}

/** Required unless it says otherwise; a default makes it optional. */
export const isRequired = (declaration: ParameterDeclaration): boolean =>
  declaration.required !== false && declaration.default === undefined;

function limitsOf(declaration: ParameterDeclaration): JsonObject {
  const { minValue, maxValue, minLength, maxLength, minItems, maxItems } = declaration;
  return {
    ...(minValue !== undefined && { minimum: minValue }),
    ...(maxValue !== undefined && { maximum: maxValue }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(minItems !== undefined && { minItems }),
    ...(maxItems !== undefined && { maxItems }),
  };
}

function partsOf({ type, items, valueType }: ParameterDeclaration): JsonObject {
  if (type === 'array' && items !== undefined) return { items: parameterSchemaOf(items) };
  if (type !== 'map') return {};
  return { additionalProperties: valueType === undefined ? true : { type: TYPES[valueType] } };
}

/** `enum`, `pattern` and `not`; where two conditions want the same keyword, the later goes into `allOf`. */
function valuesOf(declaration: ParameterDeclaration): JsonObject {
  const conditions: JsonObject[] = [];
  const own = compileValueList(declaration, 'enum', []);
  const allowed = compileValueList(declaration, 'allowedValues', []);
  const excluded = compileValueList(declaration, 'excludedValues', []);
  if (own) conditions.push({ enum: valuesIn(own) });
  if (declaration.pattern !== undefined) {
    const pattern = compilePattern(declaration.pattern);
    if (pattern.portable) conditions.push({ pattern: pattern.source });
  }
  const allows = allowed && anyOf(declaration, allowed);
  if (allows) conditions.push(allows);
  const excludes = excluded && anyOf(declaration, excluded);
  if (excludes) conditions.push({ not: excludes });
  return conditions.reduce(both, {});
}

/** A schema of the values in a list; undefined where patterns cannot say it. */
function anyOf(declaration: ParameterDeclaration, list: ValueList): JsonObject | undefined {
  // `pattern` speaks of strings alone, while ours also match the text of numbers.
  const sayable = list.patterns.every((pattern) => pattern.portable) && declaration.type === 'string';
  if (list.patterns.length > 0 && !sayable) return undefined;
  const values = valuesIn(list);
  const options: JsonObject[] = list.patterns.map((pattern) => ({ pattern: pattern.source }));
  if (values.length > 0) options.unshift({ enum: values });
  return options.length === 1 ? options[0] : { anyOf: options };
}

function both(left: JsonObject, right: JsonObject): JsonObject {
  if (!Object.keys(right).some((keyword) => keyword in left)) return { ...left, ...right };
  return { ...left, allOf: [...((left['allOf'] as JsonValue[] | undefined) ?? []), right] };
}

const valuesIn = (list: ValueList): JsonValue[] => [...list.values, ...list.compounds] as JsonValue[];
