/** Refusals as the API states them: a Status body with code, reason, details and causes. */
import type { Json, JsonObject } from './json.ts';

export interface Cause extends JsonObject {
  reason: string;
  message: string;
  field: string;
}

export interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

export class Refusal extends Error {
  readonly code: number;
  readonly status: JsonObject;
  readonly warnings: readonly string[];

  constructor(code: number, message: string, reason?: string, details?: JsonObject, warnings: readonly string[] = []) {
    super(message);
    this.code = code;
    this.warnings = warnings;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

const detailsOf = (name: string, group: string, kind: string): JsonObject => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind,
});

export const notFound = ({ plural, group }: Named, name: string): Refusal =>
  new Refusal(404, `${qualified(plural, group)} "${name}" not found`, 'NotFound', detailsOf(name, group, plural));

export const alreadyExists = ({ plural, group }: Named, name: string, deleting = false): Refusal =>
  new Refusal(
    409,
    `${deleting ? 'object is being deleted: ' : ''}${qualified(plural, group)} "${name}" already exists`,
    'AlreadyExists',
    detailsOf(name, group, plural),
  );

export const conflict = (group: string, resource: string, name: string, why: string): Refusal =>
  new Refusal(
    409,
    `Operation cannot be fulfilled on ${qualified(resource, group)} "${name}": ${why}`,
    'Conflict',
    detailsOf(name, group, resource),
  );

export const modified = ({ plural, group }: Named, name: string): Refusal =>
  conflict(
    group,
    plural,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const forbidden = ({ plural, group }: Named, name: string, why: string, causes?: Cause[]): Refusal =>
  new Refusal(403, `${qualified(plural, group)} "${name}" is forbidden: ${why}`, 'Forbidden', {
    ...detailsOf(name, group, plural),
    ...(causes === undefined ? {} : { causes }),
  });

export const badRequest = (message: string, warnings: readonly string[] = []): Refusal =>
  new Refusal(400, message, 'BadRequest', undefined, warnings);

/** A failure the server did not foresee: the real one gives no reason for these either. */
export const internal = (message: string): Refusal => new Refusal(500, message);

export const methodNotAllowed = ({ plural, group }: Named, verb: string): Refusal =>
  new Refusal(
    405,
    `${verb} is not supported on resources of kind "${qualified(plural, group)}"`,
    'MethodNotAllowed',
    detailsOf('', group, plural),
  );

export const unsupportedMediaType = (accepted: readonly string[]): Refusal =>
  new Refusal(
    415,
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    'UnsupportedMediaType',
  );

export const notAcceptable = (accepted: readonly string[]): Refusal =>
  new Refusal(406, `only the following media types are accepted: ${accepted.join(', ')}`, 'NotAcceptable');

export const expired = (message: string, metadata: JsonObject = {}): Refusal => {
  const refusal = new Refusal(410, message, 'Expired');
  refusal.status['metadata'] = metadata;
  return refusal;
};

export const tooLargeVersion = (wanted: string, current: string): Refusal =>
  new Refusal(504, `Timeout: Too large resource version: ${wanted}, current: ${current}`, 'Timeout', {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** `kind` is the kind, or in the store's own refusals the plural. The message names equal faults once. */
export function invalid(group: string, kind: string, name: string, causes: readonly Cause[]): Refusal {
  const faults = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const all = faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`;
  return new Refusal(422, `${qualified(kind, group)} "${name}" is invalid: ${all}`, 'Invalid', {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(kind === '' ? {} : { kind }),
    causes: [...causes],
  });
}

const shown = (value: Json): string => (typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value));

export const required = (field: string, why = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: why === '' ? 'Required value' : `Required value: ${why}`,
  field,
});

export const duplicate = (field: string, value: Json): Cause => ({
  ...{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field },
});

export const invalidValue = (field: string, value: Json, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${why}`,
  field,
});

export const wrongType = (field: string, value: Json, why: string): Cause => ({
  reason: 'FieldValueTypeInvalid',
  message: `Invalid value: ${shown(value)}: ${why}`,
  field,
});

export const forbiddenField = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
});

export const notSupported = (field: string, value: Json, supported: readonly string[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
  field,
});
