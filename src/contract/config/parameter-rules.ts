/**
 * What the fields of one parameter demand of each other. A declaration that contradicts itself would
 * only fail when somebody calls the tool, so it is refused when the configuration is read.
 */
import type { z } from 'zod';
import type { ParameterDeclaration } from './parameter.ts';

type Field = keyof ParameterDeclaration;
type Report = (path: (string | number)[], message: string, problem?: string) => void;

// Fields that only some types have, with those types.
const BELONGS: readonly (readonly [fields: readonly Field[], types: readonly string[]])[] = [
  [['pattern', 'minLength', 'maxLength', 'escape', 'embeddedBy'], ['string']],
  [
    ['minValue', 'maxValue'],
    ['integer', 'float'],
  ],
  [['items', 'minItems', 'maxItems'], ['array']],
  [['valueType'], ['map']],
];

const RANGES: readonly (readonly [least: Field, greatest: Field])[] = [
  ['minLength', 'maxLength'],
  ['minValue', 'maxValue'],
  ['minItems', 'maxItems'],
];

/** A refinement of the parameter schemas; every contradiction is reported at its field. */
export function checkParameter(parameter: ParameterDeclaration, context: z.RefinementCtx): void {
  const report: Report = (path, message, problem = 'CONTRADICTION') =>
    context.addIssue({ code: 'custom', path, message, params: { problem } });
  checkFieldsOfType(parameter, report);
  checkSecure(parameter, report);
  for (const [least, greatest] of RANGES) {
    const [low, high] = [parameter[least], parameter[greatest]];
    if (typeof low === 'number' && typeof high === 'number' && low > high) {
      report([least], `\`${least}\` ${low} is greater than \`${greatest}\` ${high}, so no value fits`);
    }
  }
  if (parameter.default !== undefined && parameter.default !== null) {
    checkType(parameter, parameter.default, ['default'], context);
  }
  for (const field of ['enum', 'examples'] as const) {
    parameter[field]?.forEach((value, index) => checkType(parameter, value, [field, index], context));
  }
}

function checkFieldsOfType(parameter: ParameterDeclaration, report: Report): void {
  for (const [fields, types] of BELONGS) {
    if (types.includes(parameter.type)) continue;
    for (const field of fields) {
      if (parameter[field] === undefined) continue;
      report(
        [field],
        `\`${field}\` belongs to type \`${types.join('` or `')}\`, and this parameter is of type \`${parameter.type}\``,
      );
    }
  }
  if (parameter.type === 'array' && parameter.items === undefined) {
    report([], '`items` is missing: an array says what its items are', 'FIELD_MISSING');
  }
}

/** A secure value must come from the application, every time: nothing may stand in for it. */
function checkSecure(parameter: ParameterDeclaration, report: Report): void {
  if (parameter.secure !== true) return;
  if (parameter.authServices !== undefined) report(['authServices'], 'a secure parameter takes no `authServices`');
  if (parameter.default !== undefined && parameter.default !== null) {
    report(['default'], 'a secure parameter takes no `default`');
  }
  if (parameter.required === false) report(['required'], 'a secure parameter is always required');
}

/**
 * Whether a value has the declared type. Wrong numbers and booleans are reported as type issues, so
 * that a reader of the environment may offer `${LIMIT:10}` as the number that it spells.
 */
function checkType(
  parameter: ParameterDeclaration,
  value: unknown,
  path: (string | number)[],
  context: z.RefinementCtx,
): void {
  const wrong = (expected: 'number' | 'int' | 'boolean' | 'string' | 'array' | 'record') =>
    context.addIssue({ code: 'invalid_type', expected, input: value, path });
  switch (parameter.type) {
    case 'string':
      if (typeof value !== 'string') wrong('string');
      return;
    case 'integer':
      if (!Number.isSafeInteger(value)) wrong('int');
      return;
    case 'float':
      if (typeof value !== 'number') wrong('number');
      return;
    case 'boolean':
      if (typeof value !== 'boolean') wrong('boolean');
      return;
    case 'array': {
      if (!Array.isArray(value)) return wrong('array');
      const { items } = parameter;
      if (items) value.forEach((item, index) => checkType(items, item, [...path, index], context));
      return;
    }
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('record');
      const { valueType } = parameter;
      if (!valueType) return;
      for (const [key, member] of Object.entries(value)) {
        checkType({ name: key, type: valueType, description: '' }, member, [...path, key], context);
      }
    }
  }
}
