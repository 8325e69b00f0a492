/** The object of an apply: read, and cut down to what its endpoint may write. */
import type { Call } from './call.ts';
import { asObject, Malformed, parseBody } from './decoding.ts';
import { type ApiObject, child, type JsonObject, text } from './json.ts';
import { apiVersionOf } from './resource-type.ts';
import { badRequest } from './statuses.ts';

export function appliedObject({ type, body, name, contentType }: Call): ApiObject {
  let value: JsonObject;
  try {
    value = asObject(parseBody(body, contentType));
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
  const metadata = child(value, 'metadata');
  const given = text(metadata['name']);
  if (metadata['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil');
  if (given !== name && given !== '')
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  if (value['apiVersion'] !== apiVersionOf(type) || value['kind'] !== type.kind)
    throw badRequest(`invalid object type: ${text(value['apiVersion'])}, Kind=${text(value['kind'])}`);
  return { ...value, apiVersion: apiVersionOf(type), kind: type.kind, metadata: { ...metadata, name } };
}

/** Each endpoint takes its own part of an applied object: status, or all but status. */
export function endpointPart({ subresource, type }: Call, applied: ApiObject): JsonObject {
  if (subresource !== 'status') return type.status ? withoutStatus(applied) : applied;
  const { apiVersion, kind, metadata } = applied;
  const { name, namespace } = metadata;
  const status = applied['status'];
  const own = { name: name ?? '', ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion, kind, metadata: own, ...(status === undefined ? {} : { status }) };
}

export const withoutStatus = (object: ApiObject): ApiObject => {
  const { status: _, ...rest } = object;
  return rest;
};
