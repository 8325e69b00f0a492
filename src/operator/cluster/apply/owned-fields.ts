/**
 * Which fields of an object are ours, by what the API server keeps of it (`metadata.managedFields`, FieldsV1), and what
 * stands in them. Who changes a field of ours takes it from us, so that drift shows twice: as a field that is missing
 * here, and as a value. Pure.
 */
import { z } from 'zod';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { FIELD_MANAGER } from './field-manager.ts';

/** `f:name` of a mapping, `k:{…}` and `v:…` of a list; empty where all below is one field. */
export interface Fields {
  readonly [step: string]: Fields;
}

const fieldsSchema: z.ZodType<Fields> = z.record(
  z.string(),
  z.lazy(() => fieldsSchema),
);

const entrySchema = z.object({
  manager: z.string().optional(),
  operation: z.string(),
  subresource: z.string().optional(),
  fieldsV1: z.unknown(),
});

/** `undefined` where nothing was applied by us. */
export function ownFields({ metadata }: KubernetesObject): Fields | undefined {
  const entries = z.array(entrySchema).safeParse((metadata as { managedFields?: unknown }).managedFields).data ?? [];
  const ours = entries.find(
    ({ manager, operation, subresource = '' }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === '',
  );
  return ours && fieldsSchema.safeParse(ours.fieldsV1).data;
}

type Members = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const stepsOf = (fields: Fields): [string, Fields][] => Object.entries(fields).filter(([step]) => step !== '.');

/** The values of the fields, in a form that two objects can be compared in. */
export function valuesOf(value: unknown, fields: Fields): unknown {
  const steps = stepsOf(fields);
  // `.` alone says that it is there, and of what is in it nothing.
  if (steps.length === 0) return '.' in fields ? value !== undefined : value;
  return Object.fromEntries(steps.map(([step, below]) => [step, valueAt(value, step, below)]));
}

function valueAt(value: unknown, step: string, below: Fields): unknown {
  const name = step.slice(2);
  switch (step.slice(0, 2)) {
    case 'f:':
      return valuesOf(isMapping(value) ? value[name] : undefined, below);
    case 'k:':
      return valuesOf(
        itemsOf(value).find((item) => hasKeys(item, name)),
        below,
      );
    case 'v:':
      return itemsOf(value).some((item) => JSON.stringify(item) === name);
    default:
      return valuesOf(itemsOf(value)[Number(name)], below);
  }
}

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A key that the item does not say is one that the API server filled in: the protocol of a port. */
function hasKeys(item: unknown, keys: string): boolean {
  if (!isMapping(item)) return false;
  return Object.entries(JSON.parse(keys) as Members).every(
    ([name, value]) => item[name] === undefined || item[name] === value,
  );
}

/** Whether all that a value says is among the fields. */
export function isCovered(value: unknown, fields: Fields): boolean {
  const steps = stepsOf(fields);
  if (steps.length === 0) return !('.' in fields) || isEmpty(value);
  if (isMapping(value))
    return Object.entries(value).every(([name, member]) => {
      const below = fields[`f:${name}`];
      return below !== undefined && isCovered(member, below);
    });
  if (!Array.isArray(value)) return false;
  return value.every((item) => {
    if (fields[`v:${JSON.stringify(item)}`] !== undefined) return true;
    const found = steps.find(([step]) => step.startsWith('k:') && hasKeys(item, step.slice(2)));
    return found !== undefined && isCovered(item, found[1]);
  });
}

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isMapping(value) && Object.keys(value).length === 0;
