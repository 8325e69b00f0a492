/** What keeps an object out: its own faults, another name than the path's, a namespace that is not there or going. */
import type { Call } from './call.ts';
import { asObject, parseBody } from './decoding.ts';
import { type ApiObject, child, text } from './json.ts';
import { metadataFaults } from './names.ts';
import type { ResourceType } from './resource-type.ts';
import { ruleCauses } from './rules.ts';
import { schemaFaults } from './schema-validation.ts';
import { badRequest, type Cause, forbidden, invalidValue, notFound } from './statuses.ts';
import type { Store } from './store.ts';

const uncheckedRules: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** Faults that keep the server from running CEL rules, which it then says. */
const blocking = new Set([
  'FieldValueRequired',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const hasRules = (schema: ResourceType['schema']): boolean =>
  JSON.stringify(schema).includes('"x-kubernetes-validations"');

export function objectFaults(type: ResourceType, object: ApiObject, old: ApiObject | undefined): Cause[] {
  const found = metadataFaults(type, object);
  if (object.kind !== type.kind) found.push(invalidValue('kind', object.kind, `must be ${type.kind}`));
  if (type.custom) found.push(...schemaFaults(object, type.schema));
  found.push(...(type.validate?.(object, old) ?? []));
  if (type.custom && hasRules(type.schema))
    found.push(
      ...(found.some(({ reason }) => blocking.has(reason)) ? [uncheckedRules] : ruleCauses(object, type.schema, old)),
    );
  return found;
}

export function checkName({ name, namespace = '' }: Call, { metadata }: ApiObject): void {
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`);
  if (metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

export function settleNamespace({ type, namespace = '' }: Call, { metadata }: ApiObject): void {
  if (!type.namespaced) return;
  if (metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  metadata.namespace = namespace;
}

export function checkNamespace(store: Store, { type, namespace = '', name, body }: Call): void {
  if (!type.namespaced) return;
  const found = store.get('/namespaces', '', namespace);
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const title = name === '' ? text(child(asObject(parseBody(body, 'application/yaml')), 'metadata')['name']) : name;
  throw forbidden(
    type,
    title,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}
