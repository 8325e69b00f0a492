/** Delete and deletecollection: preconditions, finalizers, what comes back. */
import type { Call } from './call.ts';
import { asObject, parseBody } from './decoding.ts';
import { type ApiObject, child, clone, type JsonObject, listAt, text } from './json.ts';
import { checkPropagation, type DeleteOptions } from './options.ts';
import { type ResourceType, resourceKey } from './resource-type.ts';
import { badRequest, conflict, methodNotAllowed, notFound } from './statuses.ts';
import type { Store } from './store.ts';
import { cleanupFinalizer, servedTypes } from './types/definitions.ts';
import { now } from './lifecycle.ts';
import type { Written } from './writes.ts';

const gcFinalizers = ['foregroundDeletion', 'orphan'];

export class Deletes {
  readonly #store: Store;

  readonly #admit: (call: Call, object: ApiObject) => void;

  /** `admit` is asked of everything before it goes, and throws what it refuses. */
  constructor(store: Store, admit: (call: Call, object: ApiObject) => void) {
    this.#store = store;
    this.#admit = admit;
  }

  delete(call: Call): Written {
    const { type, name, namespace = '' } = call;
    if (call.subresource !== '') throw methodNotAllowed(type, 'delete');
    const options = deleteOptions(call);
    const live = this.#store.get(resourceKey(type), namespace, name);
    if (live === undefined) throw notFound(type, name);
    checkPreconditions(type, live, options);
    this.#admit(call, live);
    const object = this.#remove(type, live, options);
    if (object !== undefined) return { code: 200, object };
    const gone: JsonObject = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.plural };
    gone['uid'] = live.metadata.uid ?? '';
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: gone };
    return { code: 200, object: status };
  }

  deleteAll(call: Call, objects: readonly ApiObject[]): void {
    const options = deleteOptions(call);
    for (const object of objects) this.#admit(call, object);
    for (const object of objects) this.#remove(call.type, object, options);
  }

  /** The object where something holds it or its type answers with it, `undefined` once it is gone. */
  #remove(type: ResourceType, live: ApiObject, { dryRun, propagation }: DeleteOptions): ApiObject | undefined {
    const key = resourceKey(type);
    const { namespace = '', name = '' } = live.metadata;
    const next = clone(live);
    const finalizers = finalizersAfter(type, live.metadata.finalizers ?? [], propagation);
    const isNamespace = key === '/namespaces';
    if (finalizers.length === 0 && !isNamespace) {
      if (dryRun) return type.deleteAnswersObject ? next : undefined;
      const gone = this.#store.remove(key, namespace, name);
      return type.deleteAnswersObject ? gone : undefined;
    }
    const { metadata } = next;
    if (finalizers.length > 0) metadata.finalizers = finalizers;
    const already = metadata.deletionTimestamp !== undefined;
    if (!already) {
      metadata.deletionTimestamp = now();
      const own = isNamespace || type.kind === 'CustomResourceDefinition';
      if (!own) metadata.deletionGracePeriodSeconds = 0;
      if (!own && metadata.generation !== undefined) metadata.generation++;
      if (finalizers.includes(cleanupFinalizer)) next['status'] = terminating(next, now());
      if (isNamespace) next['status'] = { ...child(next, 'status'), phase: 'Terminating' };
    }
    if (dryRun) return next;
    const held = already && finalizers.length === (live.metadata.finalizers ?? []).length;
    const stored = held ? live : this.#store.put(key, next);
    if (finalizers.includes(cleanupFinalizer)) this.#removeDefinition(stored);
    return stored;
  }

  /** A definition goes with all its objects; nobody else has to take its finalizer off. */
  #removeDefinition(definition: ApiObject): void {
    for (const type of servedTypes(definition)) {
      const key = resourceKey(type);
      for (const { metadata } of this.#store.list(key, undefined))
        this.#store.remove(key, metadata.namespace ?? '', metadata.name ?? '');
    }
    this.#store.remove('apiextensions.k8s.io/customresourcedefinitions', '', definition.metadata.name ?? '');
  }
}

function finalizersAfter({ kind }: ResourceType, finalizers: readonly string[], propagation: string): string[] {
  const kept = propagation === '' ? [...finalizers] : finalizers.filter((one) => !gcFinalizers.includes(one));
  if (propagation === 'Foreground') kept.push('foregroundDeletion');
  if (propagation === 'Orphan') kept.push('orphan');
  if (kind === 'CustomResourceDefinition' && !kept.includes(cleanupFinalizer)) kept.push(cleanupFinalizer);
  return kept;
}

function terminating(definition: ApiObject, lastTransitionTime: string): JsonObject {
  const status = child(definition, 'status');
  const condition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  return { ...status, conditions: [...listAt(status, 'conditions'), condition] };
}

function deleteOptions({ query, body, contentType }: Call): DeleteOptions {
  const sent = body === '' ? {} : asObject(parseBody(body, contentType));
  const preconditions = child(sent, 'preconditions');
  const propagation = query.get('propagationPolicy') ?? text(sent['propagationPolicy']);
  checkPropagation(propagation);
  if (body !== '' && sent['kind'] !== undefined && sent['kind'] !== 'DeleteOptions')
    throw badRequest(`expected DeleteOptions, got ${text(sent['kind'])}`);
  const given = (name: string): string | undefined => text(preconditions[name]) || undefined;
  return {
    dryRun: query.has('dryRun') || sent['dryRun'] !== undefined,
    propagation,
    uid: given('uid'),
    resourceVersion: given('resourceVersion'),
  };
}

function checkPreconditions({ group, kind }: ResourceType, { metadata }: ApiObject, wanted: DeleteOptions): void {
  const refuse = (why: string): never => {
    throw conflict(group, kind, metadata.name ?? '', why);
  };
  if (wanted.uid !== undefined && wanted.uid !== metadata.uid)
    refuse(
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== metadata.resourceVersion)
    refuse(
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}
