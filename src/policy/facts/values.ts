/** Values of a call as values of Cedar. What Cedar has no value for is said, and never rounded. Pure. */
import type { ArgumentType } from '#contract';
import type { CedarValueJson } from '../language/cedar.ts';

export type CedarValue = CedarValueJson;

/** There is no value of Cedar for it: whoever looks at it is refused. */
export const UNREPRESENTABLE: unique symbol = Symbol('unrepresentable');
export type Represented = CedarValue | typeof UNREPRESENTABLE | undefined;

/**
 * What is told of something: undefined where there is nothing to tell, `UNREPRESENTABLE` where who should tell
 * cannot be asked. Whoever looks at that is refused, or losing a file would be a way around what it forbids.
 */
export type Told<Value extends CedarValue> = Value | undefined | typeof UNREPRESENTABLE;

/** An argument by its declared type: an integer is a Long, a float a decimal, null is absent. */
export function argumentValue(value: unknown, declared: ArgumentType): Represented {
  if (value === null || value === undefined) return undefined;
  switch (declared.type) {
    case 'string':
      return typeof value === 'string' ? value : UNREPRESENTABLE;
    case 'boolean':
      return typeof value === 'boolean' ? value : UNREPRESENTABLE;
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : UNREPRESENTABLE;
    case 'float':
      return typeof value === 'number' ? decimal(value) : UNREPRESENTABLE;
    case 'array':
      return Array.isArray(value) && declared.items !== undefined ? setOf(value, declared.items) : UNREPRESENTABLE;
    case 'map':
      return isPlain(value) && declared.valueType !== undefined
        ? recordOf(value, { type: declared.valueType })
        : UNREPRESENTABLE;
  }
}

/** A set of Cedar knows neither order nor number, and no null: what it cannot say it does not half say. */
function setOf(items: readonly unknown[], type: ArgumentType): Represented {
  const values = items.map((item) => argumentValue(item, type) ?? UNREPRESENTABLE);
  return values.includes(UNREPRESENTABLE) ? UNREPRESENTABLE : (values as CedarValue[]);
}

function recordOf(object: Readonly<Record<string, unknown>>, type: ArgumentType): Represented {
  const record: Record<string, CedarValue> = {};
  for (const [name, member] of Object.entries(object)) {
    const value = argumentValue(member, type);
    if (value === UNREPRESENTABLE || name.startsWith('__')) return UNREPRESENTABLE;
    if (value !== undefined) record[name] = value;
  }
  return record;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LARGEST_DECIMAL = 922_337_203_685_477;

/** Four digits after the point, and no more: 0.1 + 0.2 is not 0.3, and no policy is to say that it is. */
function decimal(value: number): Represented {
  if (!Number.isFinite(value) || Math.abs(value) > LARGEST_DECIMAL) return UNREPRESENTABLE;
  const text = value.toFixed(4);
  return Number(text) === value ? { __extn: { fn: 'decimal', arg: text } } : UNREPRESENTABLE;
}

export const ipaddr = (address: string): CedarValue => ({ __extn: { fn: 'ip', arg: address } });
export const datetime = (at: number): CedarValue => ({ __extn: { fn: 'datetime', arg: new Date(at).toISOString() } });
