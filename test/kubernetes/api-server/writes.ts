/** Create, update, patch and apply: from a request to a stored object. */
import { randomUUID } from 'node:crypto';
import type { Call } from './call.ts';
import { asObject, bodyTypes, goTypeFault, Malformed, parseBody, patchRefusal } from './decoding.ts';
import { type ApiObject, child, clone, equal, isObject, type JsonObject, sorted, text } from './json.ts';
import { afterApply, afterUpdate, type Writer } from './managed-fields.ts';
import { dedupeOwners, finalizerWarnings, metadataFaults, metadataUpdateFaults } from './names.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { applyPatchType, jsonPatchType, mergePatchType, patched, strategicPatchType } from './patches.ts';
import { zero } from './pruning.ts';
import { completed, readObject, report, unknownFields } from './reading.ts';
import { apiVersionOf, type ResourceType, resourceKey } from './resource-type.ts';
import { scaleOf, withScale } from './scale.ts';
import { schemaFaults } from './schema-validation.ts';
import { podSecurityWarnings } from './pod-security.ts';
import {
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  forbidden,
  internal,
  invalid,
  invalidValue,
  methodNotAllowed,
  modified,
  notFound,
  unsupportedMediaType,
} from './statuses.ts';
import type { Store } from './store.ts';
import { typedFaults } from './typed-faults.ts';

export interface Written {
  readonly code: number;
  readonly object: JsonObject;
}

/** Whole seconds, as Kubernetes keeps time. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

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

const writerOf = (call: Call, options: WriteOptions, operation: 'Apply' | 'Update'): Writer => ({
  manager: options.fieldManager,
  operation,
  apiVersion: apiVersionOf(call.type),
  subresource: call.subresource,
  time: now(),
  force: options.force,
});

const checkBodyType = ({ contentType }: Call): void => {
  if (!bodyTypes.some((known) => known === contentType)) throw unsupportedMediaType(bodyTypes);
};

const userAgentOf = ({ headers }: Call): string => headers['user-agent'] ?? 'unknown';

export class Writes {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  create(call: Call): Written {
    if (call.subresource !== '') throw methodNotAllowed(call.type, 'create');
    const options = writeOptions(call.query, 'CreateOptions', userAgentOf(call), false);
    checkBodyType(call);
    return this.#create(call, readObject(call, options), options);
  }

  #create(call: Call, object: ApiObject, options: WriteOptions): Written {
    const { metadata } = object;
    this.#settleNamespace(call, object);
    if (metadata.name === undefined && text(metadata.generateName) !== '')
      metadata.name = `${metadata.generateName}${randomUUID().slice(0, 5)}`;
    const empty = { metadata: {}, ...zero(call.type.schema) };
    const bare = call.type.custom && call.type.status ? withoutStatus(object) : object;
    const owned = afterUpdate(call.type.custom ? {} : empty, bare, call.type.schema, writerOf(call, options, 'Update'));
    return this.#insert(call, owned, options);
  }

  update(call: Call): Written {
    if (call.name === '') throw badRequest('name must be provided');
    const options = writeOptions(call.query, 'UpdateOptions', userAgentOf(call), false);
    checkBodyType(call);
    if (call.subresource === 'scale') return this.#scale(call, options, parseBody(call.body, call.contentType));
    const object = readObject(call, options);
    const { type } = call;
    this.#checkName(call, object);
    if (type.createOnUpdate && this.#store.get(resourceKey(type), call.namespace ?? '', call.name) === undefined)
      return this.#create(call, object, options);
    const live = this.#live(call);
    const { uid, resourceVersion } = object.metadata;
    if (text(resourceVersion) === '' && !type.unconditionalUpdate) {
      const fault = 'Invalid value: 0: must be specified for an update';
      throw invalid(type.group, type.plural, call.name, [
        { reason: 'FieldValueInvalid', message: fault, field: 'metadata.resourceVersion' },
      ]);
    }
    if (uid !== undefined && uid !== '' && uid !== live.metadata.uid) throw uidConflict(call, uid, live);
    if (text(resourceVersion) !== '' && resourceVersion !== live.metadata.resourceVersion)
      throw modified(type, call.name);
    return this.#replace(call, live, object, options);
  }

  patch(call: Call): Written {
    const { type, contentType } = call;
    if (call.name === '') throw badRequest('name must be provided');
    const strategic = type.custom ? [] : [strategicPatchType];
    const accepted = [jsonPatchType, mergePatchType, ...strategic, applyPatchType];
    if (!accepted.includes(contentType)) throw unsupportedMediaType(accepted);
    const apply = contentType === applyPatchType;
    const options = writeOptions(call.query, 'PatchOptions', userAgentOf(call), apply);
    if (apply) return this.#apply(call, options);
    const live = this.#live(call);
    if (call.subresource === 'scale')
      return this.#scale(call, options, patched(scaleOf(live), call.body, contentType, {}));
    const object = patched(clone(live), call.body, contentType, type.schema);
    const shown = JSON.stringify(type.custom ? sorted(object) : shownPatched(object));
    report(unknownFields(object, type), call, options, (all) => patchRefusal(shown, `strict decoding error: ${all}`));
    const fault = type.custom ? undefined : goTypeFault(object, type.schema, type.kind);
    if (fault !== undefined) throw patchRefusal(shown, fault);
    const whole = completed(object, type);
    this.#checkName(call, whole);
    if (whole.metadata.resourceVersion !== live.metadata.resourceVersion) throw modified(type, call.name);
    return this.#replace(call, live, whole, options);
  }

  #apply(call: Call, options: WriteOptions): Written {
    const { type } = call;
    const applied = appliedObject(call);
    const live = this.#store.get(resourceKey(type), call.namespace ?? '', call.name);
    const { metadata } = applied;
    if (live === undefined) {
      if (call.subresource !== '') throw notFound(type, call.name);
      if (text(metadata.uid) !== '')
        throw conflict(
          type.group,
          type.plural,
          call.name,
          `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`,
        );
    } else if (text(metadata.resourceVersion) !== '' && metadata.resourceVersion !== live.metadata.resourceVersion)
      throw modified(type, call.name);
    const title = `(${call.namespace === undefined ? '' : call.namespace}/${call.name}; ${type.group === '' ? '/v1' : apiVersionOf(type)}, Kind=${type.kind})`;
    const faults = typedFaults(applied, type.schema);
    if (faults.length > 0) throw internal(`failed to create typed patch object ${title}: ${faults.join('\n')}`);
    const mine = endpointPart(call, applied);
    const base: ApiObject = live ?? { apiVersion: apiVersionOf(type), kind: type.kind, metadata: {} };
    const result = afterApply(base, mine, type.schema, writerOf(call, options, 'Apply'));
    const fault = type.custom ? undefined : goTypeFault(result, type.schema, type.kind);
    if (fault !== undefined) {
      const what = `unable to convert unstructured object to ${type.group === '' ? '/v1' : apiVersionOf(type)}, Kind=${type.kind}`;
      const reason = fault.startsWith('illegal base64') ? `error decoding from json: ${fault}` : fault;
      throw internal(`failed to convert new object ${title} to proper version: ${what}: ${reason}`);
    }
    const whole = completed(result, type);
    if (live !== undefined) return this.#store200(call, live, whole, options);
    this.#settleNamespace(call, whole);
    return this.#insert(call, whole, options);
  }

  /** After an update that is not an apply: the part the endpoint may write, with its owners. */
  #replace(call: Call, live: ApiObject, object: ApiObject, options: WriteOptions): Written {
    const { type, subresource } = call;
    let next = object;
    if (subresource === 'status') {
      next = { ...clone(live), metadata: { ...clone(live.metadata) } };
      if (object['status'] === undefined) delete next['status'];
      else next['status'] = object['status'];
      const sent = object.metadata.managedFields;
      if (sent !== undefined) next.metadata.managedFields = sent;
    } else if (subresource === 'finalize') next = { ...clone(live), spec: object['spec'] };
    else if (type.status) {
      next = { ...object };
      if (live['status'] === undefined) delete next['status'];
      else next['status'] = clone(live['status']);
    }
    const owned = afterUpdate(live, next, type.schema, writerOf(call, options, 'Update'));
    return this.#store200(call, live, owned, options);
  }

  /** Checks and stores what an update or apply has made of a live object. */
  #store200(call: Call, live: ApiObject, owned: ApiObject, { dryRun }: WriteOptions): Written {
    const { type } = call;
    const object = clone(owned);
    const faults = metadataUpdateFaults(object, live);
    const { metadata } = object;
    keepServerFields(metadata, live.metadata);
    call.warnings.push(...dedupeOwners(metadata));
    if (call.subresource !== 'finalize' && call.subresource !== 'status') type.prepare?.(object, live);
    faults.push(...this.#faults(type, object, live));
    if (faults.length > 0) throw invalid(type.group, type.kind, call.name, faults);
    if (type.generation && call.subresource !== 'status' && !equal(counted(object, type), counted(live, type)))
      metadata.generation = (live.metadata.generation ?? 0) + 1;
    metadata.resourceVersion = live.metadata.resourceVersion;
    if (isFinished(object)) {
      if (!dryRun) this.#store.remove(resourceKey(type), call.namespace ?? '', call.name);
      return { code: 200, object };
    }
    if (equal(settled(object), settled(live))) return { code: 200, object: live };
    return { code: 200, object: dryRun ? object : this.#store.put(resourceKey(type), object) };
  }

  #insert(call: Call, owned: ApiObject, { dryRun }: WriteOptions): Written {
    const { type } = call;
    const object = clone(owned);
    const { metadata } = object;
    this.#checkNamespace(call);
    if (type.custom && type.status) delete object['status'];
    delete metadata.resourceVersion;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    metadata.uid = randomUUID();
    metadata.creationTimestamp = now();
    if (type.generation) metadata.generation = 1;
    else delete metadata.generation;
    call.warnings.push(...dedupeOwners(metadata));
    type.prepare?.(object, undefined);
    const faults = this.#faults(type, object, undefined);
    if (faults.length > 0) throw invalid(type.group, object.kind, metadata.name ?? '', faults);
    call.warnings.push(...finalizerWarnings(metadata));
    call.warnings.push(...podSecurityWarnings(this.#store.get('/namespaces', '', metadata.namespace ?? ''), object));
    const existing = this.#store.get(resourceKey(type), metadata.namespace ?? '', metadata.name ?? '');
    if (existing !== undefined)
      throw alreadyExists(type, metadata.name ?? '', existing.metadata.deletionTimestamp !== undefined);
    return { code: 201, object: dryRun ? object : this.#store.put(resourceKey(type), object) };
  }

  #faults(type: ResourceType, object: ApiObject, old: ApiObject | undefined): Cause[] {
    const found = metadataFaults(type, object);
    if (object.kind !== type.kind) found.push(invalidValue('kind', object.kind, `must be ${type.kind}`));
    if (type.custom) found.push(...schemaFaults(object, type.schema));
    found.push(...(type.validate?.(object, old) ?? []));
    if (type.custom && hasRules(type.schema) && found.some(({ reason }) => blocking.has(reason)))
      found.push(uncheckedRules);
    return found;
  }

  #scale(call: Call, options: WriteOptions, scale: unknown): Written {
    const live = this.#live(call);
    const changed = withScale(live, asObject(isObject(scale) ? scale : null));
    const owned = afterUpdate(live, changed, call.type.schema, writerOf(call, options, 'Update'));
    return { code: 200, object: scaleOf(this.#store200(call, live, owned, options).object as ApiObject) };
  }

  #live({ type, namespace, name }: Call): ApiObject {
    const live = this.#store.get(resourceKey(type), namespace ?? '', name);
    if (live === undefined) throw notFound(type, name);
    return live;
  }

  #checkName({ name, namespace = '' }: Call, { metadata }: ApiObject): void {
    if (metadata.name !== name)
      throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`);
    if (metadata.namespace !== undefined && metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }

  #settleNamespace({ type, namespace = '' }: Call, { metadata }: ApiObject): void {
    if (!type.namespaced) return;
    if (metadata.namespace !== undefined && metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    metadata.namespace = namespace;
  }

  #checkNamespace({ type, namespace = '', name, body }: Call): void {
    if (!type.namespaced) return;
    const found = this.#store.get('/namespaces', '', namespace);
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
}

function appliedObject({ type, body, name, contentType }: Call): ApiObject {
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
function endpointPart({ subresource, type }: Call, applied: ApiObject): JsonObject {
  if (subresource !== 'status') return type.status ? withoutStatus(applied) : applied;
  const { apiVersion, kind, metadata } = applied;
  const { name, namespace } = metadata;
  const status = applied['status'];
  const own = { name: name ?? '', ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion, kind, metadata: own, ...(status === undefined ? {} : { status }) };
}

const withoutStatus = (object: ApiObject): ApiObject => {
  const { status: _, ...rest } = object;
  return rest as ApiObject;
};

function keepServerFields(metadata: ApiObject['metadata'], live: ApiObject['metadata']): void {
  const kept = [
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
  ] as const;
  for (const name of kept) {
    const value = live[name];
    if (value === undefined) delete metadata[name];
    else Object.assign(metadata, { [name]: value });
  }
}

/** What `generation` counts the changes of. */
const counted = (object: ApiObject, { status }: ResourceType): JsonObject => {
  const { metadata: _, ...rest } = object;
  if (status) delete rest['status'];
  return rest;
};

/** Two writes are the same when only times of owners differ. */
const settled = (object: ApiObject): JsonObject => {
  const { managedFields = [], ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, managedFields: managedFields.map((entry) => ({ ...entry, time: '' })) },
  };
};

const isFinished = (object: ApiObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  !(object.kind === 'Namespace' && child(object, 'spec')['finalizers'] !== undefined && finalizersLeft(object));

const finalizersLeft = (object: ApiObject): boolean => {
  const { finalizers } = child(object, 'spec');
  if (Array.isArray(finalizers) && finalizers.length === 0) object['spec'] = {};
  return Array.isArray(finalizers) && finalizers.length > 0;
};

const shownPatched = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(object)
      .toSorted()
      .map((key) => [key, key === 'metadata' ? goMetadata(child(object, key)) : sorted(object[key] ?? null)]),
  );

/** Metadata in the order of its Go struct, which built-in types keep. */
function goMetadata(metadata: JsonObject): JsonObject {
  const order = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'];
  const known = order.filter((key) => metadata[key] !== undefined);
  const rest = Object.keys(metadata).filter((key) => !order.includes(key) && key !== 'managedFields');
  return Object.fromEntries([...known, ...rest, 'managedFields'].map((key) => [key, metadata[key]]));
}

function uidConflict({ type, namespace = '', name }: Call, uid: string, live: ApiObject): Error {
  const place = [type.group, type.plural, namespace, name].filter((part) => part !== '').join('/');
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
  return conflict(
    type.group,
    type.plural,
    name,
    `StorageError: invalid object, Code: 4, Key: /registry/${place}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}
