/** Rules in CEL of a definition, as refusals. What they cost is not counted, and nobody compiles them beforehand. */
import type { StructuralSchema } from '#operator';
import { ruleFaults } from '../cel-rules.ts';
import { type ApiObject, isObject } from './json.ts';
import type { Schema } from './schema.ts';
import type { Cause } from './statuses.ts';

const said: Readonly<Record<string, string>> = {
  FieldValueInvalid: 'Invalid value',
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
};

export function ruleCauses(object: ApiObject, schema: Schema, old: ApiObject | undefined): Cause[] {
  return ruleFaults(schema as StructuralSchema, object, old).map(({ at, message, reason, value }) => {
    const why = reason ?? 'FieldValueInvalid';
    const isShown = why === 'FieldValueInvalid' || why === 'FieldValueDuplicate';
    const shown = isShown && !isObject(value) && !Array.isArray(value) ? ` ${JSON.stringify(value)}:` : '';
    return { reason: why, message: `${said[why] ?? why}:${shown} ${message}`, field: at === '' ? '<nil>' : at };
  });
}
