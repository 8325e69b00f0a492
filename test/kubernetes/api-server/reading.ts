/** The body of a create or an update as an object of its type: pruned, with defaults, refused if it does not fit. */
import type { Call } from './call.ts';
import { asObject, duplicateKeys, goTypeFault, Malformed, parseBody } from './decoding.ts';
import { type ApiObject, child, isObject, type JsonObject, text } from './json.ts';
import type { WriteOptions } from './options.ts';
import { dropEmpty, fillDefaults, prune } from './pruning.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { badRequest } from './statuses.ts';

export function readObject(call: Call, options: WriteOptions): ApiObject {
  const { type, body, contentType } = call;
  const value = parsed(call);
  const given = text(value['apiVersion']);
  if (given === '' || text(value['kind']) === '') throw nameless(call, given === '' && value['kind'] === undefined);
  if (given !== apiVersionOf(type)) {
    const unknown = Object.keys(value).filter((name) => !['apiVersion', 'kind', 'metadata'].includes(name));
    const warnings = type.custom ? unknown.map((name) => `unknown field "${name}"`) : [];
    const why = `the API version in the data (${given}) does not match the expected API version (${apiVersionOf(type)})`;
    throw badRequest(why, warnings);
  }
  const doubled = contentType === 'application/json' ? duplicateKeys(body) : [];
  const faults = [...doubled.map((path) => `duplicate field "${path}"`), ...unknownFields(value, type)];
  report(faults, call, options, (all) =>
    badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${all}`,
    ),
  );
  const fault = type.custom ? undefined : goTypeFault(value, type.schema, type.kind);
  if (fault !== undefined)
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${fault}`);
  return completed(value, type);
}

function parsed({ type, body, contentType }: Call): JsonObject {
  try {
    return asObject(parseBody(body, contentType));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: ${error.message} (${excerpt(body)})`,
    );
  }
}

function nameless({ type, body }: Call, kind: boolean): Error {
  const what = kind ? `Object 'Kind' is missing in '${body}'` : `Object 'apiVersion' is missing in '${body}'`;
  return badRequest(`the object provided is unrecognized (must be of type ${type.kind}): ${what} (${excerpt(body)})`);
}

const excerpt = (body: string): string =>
  body === '' ? '<empty>' : body.length > 30 ? `${body.slice(0, 30)} ...` : body;

export const unknownFields = (value: JsonObject, type: ResourceType): string[] =>
  prune(value, type.schema).map((path) => `unknown field "${path}"`);

/** Faults that are only worth a warning, unless the caller wants it strict. */
export function report(
  faults: readonly string[],
  call: Call,
  { fieldValidation }: WriteOptions,
  refusal: (all: string) => Error,
): void {
  if (faults.length === 0 || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') throw refusal(faults.join(', '));
  call.warnings.push(...faults);
}

/** With defaults, and for built-in types without what Go leaves out. */
export function completed(value: JsonObject, type: ResourceType): ApiObject {
  const object: JsonObject = { ...value };
  if (!isObject(object['metadata'])) object['metadata'] = {};
  if (!type.custom) {
    dropEmpty(object, type.schema);
    for (const [name, schema] of Object.entries(type.schema.properties ?? {}))
      if (schema.always === true && schema.default === undefined && schema.properties !== undefined)
        object[name] ??= {};
  }
  const metadata = child(object, 'metadata');
  for (const name of ['finalizers', 'labels', 'annotations', 'ownerReferences']) {
    const one = metadata[name];
    const bare = Array.isArray(one) ? one.length === 0 : isObject(one) ? Object.keys(one).length === 0 : one === null;
    if (bare) delete metadata[name];
  }
  fillDefaults(object, type.schema);
  type.defaults?.(object);
  if (metadata['creationTimestamp'] === null) delete metadata['creationTimestamp'];
  return object as ApiObject;
}
