/** Create, update, patch and apply: from a request to a stored object. */
import { randomUUID } from 'node:crypto';
import type { Call } from './call.ts';
import { asObject, bodyTypes, goTypeFault, parseBody, patchRefusal } from './decoding.ts';
import { type ApiObject, clone, equal, isObject, type JsonObject, sorted, text } from './json.ts';
import { afterApply, afterUpdate, type Writer } from './managed-fields.ts';
import { dedupeOwners, finalizerWarnings, metadataUpdateFaults } from './names.ts';
import { checkName, checkNamespace, objectFaults, settleNamespace } from './admission.ts';
import { appliedObject, endpointPart, withoutStatus } from './applied.ts';
import { counted, isFinished, keepServerFields, now, settled } from './lifecycle.ts';
import { shownPatched } from './shown-patch.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { applyPatchType, jsonPatchType, mergePatchType, patched, strategicPatchType } from './patches.ts';
import { zero } from './pruning.ts';
import { completed, readObject, report, unknownFields } from './reading.ts';
import { apiVersionOf, resourceKey } from './resource-type.ts';
import { scaleOf, withScale } from './scale.ts';
import { podSecurityWarnings } from './pod-security.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  internal,
  invalid,
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

export type Admit = (call: Call, object: ApiObject, old: ApiObject | undefined) => void;

export class Writes {
  readonly #store: Store;
  readonly #admit: Admit;

  /** `admit` is asked of everything that is valid, before it is stored, and throws what it refuses. */
  constructor(store: Store, admit: Admit) {
    this.#store = store;
    this.#admit = admit;
  }

  create(call: Call): Written {
    if (call.subresource !== '') throw methodNotAllowed(call.type, 'create');
    const options = writeOptions(call.query, 'CreateOptions', userAgentOf(call), false);
    checkBodyType(call);
    return this.#create(call, readObject(call, options), options);
  }

  #create(call: Call, object: ApiObject, options: WriteOptions): Written {
    const { metadata } = object;
    settleNamespace(call, object);
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
    checkName(call, object);
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
      return this.#scale(call, options, patched(scaleOf(live, type.scalePaths), call.body, contentType, {}));
    const object = patched(clone(live), call.body, contentType, type.schema);
    const shown = JSON.stringify(type.custom ? sorted(object) : shownPatched(object));
    report(unknownFields(object, type), call, options, (all) => patchRefusal(shown, `strict decoding error: ${all}`));
    const fault = type.custom ? undefined : goTypeFault(object, type.schema, type.kind);
    if (fault !== undefined) throw patchRefusal(shown, fault);
    const whole = completed(object, type);
    checkName(call, whole);
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
    settleNamespace(call, whole);
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
    faults.push(...objectFaults(type, object, live));
    if (faults.length > 0) throw invalid(type.faultGroup ?? type.group, type.kind, call.name, faults);
    if (type.generation && call.subresource !== 'status' && !equal(counted(object, type), counted(live, type)))
      metadata.generation = (live.metadata.generation ?? 0) + 1;
    metadata.resourceVersion = live.metadata.resourceVersion;
    this.#admit(call, object, live);
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
    checkNamespace(this.#store, call);
    if (type.custom && type.status) delete object['status'];
    delete metadata.resourceVersion;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    metadata.uid = call.uid;
    metadata.creationTimestamp = now();
    if (type.generation) metadata.generation = 1;
    else delete metadata.generation;
    call.warnings.push(...dedupeOwners(metadata));
    type.prepare?.(object, undefined);
    const faults = objectFaults(type, object, undefined);
    if (faults.length > 0) throw invalid(type.faultGroup ?? type.group, object.kind, metadata.name ?? '', faults);
    this.#admit(call, object, undefined);
    call.warnings.push(...finalizerWarnings(metadata));
    call.warnings.push(...podSecurityWarnings(this.#store.get('/namespaces', '', metadata.namespace ?? ''), object));
    const existing = this.#store.get(resourceKey(type), metadata.namespace ?? '', metadata.name ?? '');
    if (existing !== undefined)
      throw alreadyExists(type, metadata.name ?? '', existing.metadata.deletionTimestamp !== undefined);
    return { code: 201, object: dryRun ? object : this.#store.put(resourceKey(type), object) };
  }

  #scale(call: Call, options: WriteOptions, scale: unknown): Written {
    const live = this.#live(call);
    const changed = withScale(live, asObject(isObject(scale) ? scale : null), call.type.scalePaths);
    const owned = afterUpdate(live, changed, call.type.schema, writerOf(call, options, 'Update'));
    const stored = this.#store200(call, live, owned, options).object;
    return { code: 200, object: scaleOf(stored as ApiObject, call.type.scalePaths) };
  }

  #live({ type, namespace, name }: Call): ApiObject {
    const live = this.#store.get(resourceKey(type), namespace ?? '', name);
    if (live === undefined) throw notFound(type, name);
    return live;
  }
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
