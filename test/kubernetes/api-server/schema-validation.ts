/** An object against its structural schema, in the words of the server; rules in CEL are in `rules`. */
import { goKind, isObject, type Json } from './json.ts';
import { fits } from './decoding.ts';
import { fieldSchema, itemKey, itemSchema, type Schema } from './schema.ts';
import { type Cause, invalidValue, notSupported, required, wrongType } from './statuses.ts';

export function schemaFaults(value: Json, schema: Schema, path = ''): Cause[] {
  if (value === null && schema.nullable === true) return [];
  if (schema['x-kubernetes-int-or-string'] === true)
    return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
      ? []
      : [
          wrongType(
            path,
            goKindShown(value),
            `${path} in body must be of type integer,string: ${quoted(goKindName(value))}`,
          ),
        ];
  if (schema.type !== undefined && !fits(value, schema.type)) {
    const given = value === null ? 'null' : typeof value === 'number' ? numberKind(value) : goKindName(value);
    return [wrongType(path, goKindShown(value), `${path} in body must be of type ${schema.type}: ${quoted(given)}`)];
  }
  const found: Cause[] = (schema.allOf ?? []).flatMap((one) => schemaFaults(value, one, path));
  const allowed = schema.enum;
  if (allowed !== undefined && !allowed.includes(value)) found.push(notSupported(path, value, allowed.map(String)));
  if (typeof value === 'string') found.push(...stringFaults(value, schema, path));
  else if (typeof value === 'number') found.push(...numberFaults(value, schema, path));
  else if (Array.isArray(value)) found.push(...listFaults(value, schema, path));
  else if (isObject(value)) found.push(...objectFaults(value, schema, path));
  return found;
}

const quoted = (one: string): string => JSON.stringify(one);
const numberKind = (value: number): string => (Number.isInteger(value) ? 'integer' : 'number');
const goKindName = (value: Json): string => (typeof value === 'boolean' ? 'boolean' : goKind(value));
const goKindShown = (value: Json): Json =>
  value === null ? 'null' : typeof value === 'number' ? numberKind(value) : goKindName(value);

function stringFaults(value: string, { minLength, maxLength, pattern, format }: Schema, path: string): Cause[] {
  const found: Cause[] = [];
  if (maxLength !== undefined && Array.from(value).length > maxLength)
    found.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} bytes`,
      field: path,
    });
  else if (minLength !== undefined && Array.from(value).length < minLength)
    found.push(invalidValue(path, value, `${path} in body should be at least ${minLength} chars long`));
  else if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    found.push(invalidValue(path, value, `${path} in body should match '${pattern}'`));
  if (format === 'date-time' && Number.isNaN(Date.parse(value)))
    found.push(
      wrongType(path, value, `${path.replace(/^[^.]*\./, '')} in body must be of type date-time: ${quoted(value)}`),
    );
  return found;
}

function numberFaults(value: number, { minimum, maximum, multipleOf }: Schema, path: string): Cause[] {
  const found: Cause[] = [];
  if (maximum !== undefined && value > maximum)
    found.push(invalidValue(path, value, `${path} in body should be less than or equal to ${maximum}`));
  if (minimum !== undefined && value < minimum)
    found.push(invalidValue(path, value, `${path} in body should be greater than or equal to ${minimum}`));
  if (multipleOf !== undefined && value % multipleOf !== 0)
    found.push(invalidValue(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  return found;
}

function tooMany(field: string, given: number, most: number): Cause {
  return { reason: 'FieldValueTooMany', message: `Too many: ${given}: must have at most ${most} items`, field };
}

function listFaults(value: Json[], schema: Schema, path: string): Cause[] {
  const found: Cause[] = [];
  const { maxItems, minItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) found.push(tooMany(path, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems)
    found.push(invalidValue(path, value.length, `${path} in body should have at least ${minItems} items`));
  const kind = schema['x-kubernetes-list-type'];
  const seen = new Set<string>();
  value.forEach((item, at) => {
    const place = `${path}[${at}]`;
    found.push(...schemaFaults(item, itemSchema(schema), place));
    if (kind !== 'map' && kind !== 'set') return;
    const key = JSON.stringify(kind === 'map' ? itemKey(schema, item) : item);
    if (seen.has(key)) found.push({ reason: 'FieldValueDuplicate', message: `Duplicate value: ${key}`, field: place });
    seen.add(key);
  });
  return found;
}

function objectFaults(value: Readonly<Record<string, Json | undefined>>, schema: Schema, path: string): Cause[] {
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const { maxProperties } = schema;
  const found: Cause[] = [];
  const count = Object.keys(value).length;
  if (maxProperties !== undefined && count > maxProperties) found.push(tooMany(path, count, maxProperties));
  for (const name of schema.required ?? []) if (value[name] === undefined) found.push(required(join(name)));
  for (const [name, one] of Object.entries(value)) {
    const below = fieldSchema(schema, name);
    if (below !== undefined && one !== undefined) found.push(...schemaFaults(one, below, join(name)));
  }
  return found;
}
