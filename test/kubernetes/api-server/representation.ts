/** The forms an answer can take: as stored, metadata only, or a table; JSON or YAML. */
import { stringify } from 'yaml';
import { ageColumn, nameColumn } from './columns.ts';
import type { Listed } from './lists.ts';
import { type ApiObject, type Json, type JsonObject, sorted } from './json.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { notAcceptable } from './statuses.ts';

export type Form = 'whole' | 'metadata' | 'table';
export interface Accepted {
  readonly form: Form;
  readonly yaml: boolean;
}

const known = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const metaVersion = 'meta.k8s.io/v1';

/** The first form the client would take that this server has. It has no protobuf. */
export function negotiate(accept: string): Accepted {
  for (const one of accept.split(',')) {
    const [mime = '', ...parameters] = one
      .trim()
      .split(';')
      .map((part) => part.trim());
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3) ?? '';
    const form = as === 'Table' ? 'table' : as.startsWith('PartialObjectMetadata') ? 'metadata' : 'whole';
    if (as !== '' && form === 'whole') continue;
    if (mime === 'application/yaml') return { form, yaml: true };
    if (['application/json', '*/*', 'application/*', ''].includes(mime)) return { form, yaml: false };
  }
  throw notAcceptable(known);
}

/** YAML as Kubernetes writes it: times are quoted, the key `.` of managed fields is not. */
export const written = (value: Json, { yaml }: Accepted): string =>
  yaml
    ? stringify(sorted(value), { version: '1.1', lineWidth: 0, indentSeq: false }).replaceAll(/^( *)"\.": /gm, '$1.: ')
    : `${JSON.stringify(value)}\n`;

export const contentTypeOf = ({ yaml }: Accepted): string => (yaml ? 'application/yaml' : 'application/json');

const partial = ({ metadata }: ApiObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: metaVersion,
  metadata,
});

export function asForm(object: JsonObject, type: ResourceType, form: Form, header = true): JsonObject {
  if (object['kind'] === 'Status' || form === 'whole') return object;
  const given = object as ApiObject;
  if (form === 'metadata') return partial(given);
  return table([given], type, { resourceVersion: given.metadata.resourceVersion ?? '' }, header);
}

/** A list of custom resources always says `continue`, and each of its items its kind. */
export function listAs(
  { items, resourceVersion, next, remaining }: Listed,
  type: ResourceType,
  form: Form,
): JsonObject {
  const metadata: JsonObject = {
    resourceVersion,
    ...(next === undefined ? {} : { continue: next }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  if (form === 'table') return table(items, type, metadata, true);
  if (form === 'metadata')
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: metaVersion,
      metadata,
      items: items.length === 0 ? null : items.map(partial),
    };
  const kind = { kind: type.listKind, apiVersion: apiVersionOf(type) };
  if (type.custom) return { ...kind, metadata: { continue: '', ...metadata }, items: [...items] };
  return { ...kind, metadata, items: items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest) };
}

function table(objects: readonly ApiObject[], type: ResourceType, metadata: JsonObject, header: boolean): JsonObject {
  const columns = [nameColumn, ...(type.columns.length > 0 ? type.columns : [ageColumn])];
  const columnDefinitions = columns.map(({ name, type, format = '', description, priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion: metaVersion,
    metadata,
    columnDefinitions: header ? columnDefinitions : null,
    rows: objects.map((object) => ({ cells: columns.map(({ cell }) => cell(object)), object: partial(object) })),
  };
}
