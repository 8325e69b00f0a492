/** What becomes of a request that is routed and allowed: which part of the server serves it, and what webhooks say. */
import { notAllowed } from './attributes.ts';
import type { Call } from './call.ts';
import { Deletes } from './deletes.ts';
import { checkEscalation } from './escalation.ts';
import { type ApiObject, clone, type JsonObject } from './json.ts';
import { now } from './lifecycle.ts';
import { checkVersion, list } from './lists.ts';
import { afterUpdate } from './managed-fields.ts';
import { type Accepted, asForm, listAs } from './representation.ts';
import { resourceKey } from './resource-type.ts';
import { Reviews } from './reviews.ts';
import type { Rights } from './rights.ts';
import { scaleOf } from './scale.ts';
import { badRequest, methodNotAllowed, notFound } from './statuses.ts';
import type { Store } from './store.ts';
import type { Tokens } from './tokens.ts';
import { definitionType, establishedStatus } from './types/definitions.ts';
import type { Addresses } from './webhook-call.ts';
import { Unasked, Webhooks } from './webhooks.ts';
import { Writes } from './writes.ts';

export interface Answer {
  readonly code: number;
  readonly object: JsonObject;
}

export class Answers {
  readonly #store: Store;
  readonly #rights: Rights;
  readonly #reviews: Reviews;
  readonly #webhooks: Webhooks;
  readonly #writes: Writes;
  readonly #deletes: Deletes;

  constructor(store: Store, rights: Rights, tokens: Tokens, services: Addresses) {
    this.#store = store;
    this.#rights = rights;
    this.#reviews = new Reviews(store, rights, tokens);
    this.#webhooks = new Webhooks(store, services);
    this.#writes = new Writes(store, (call, object, old) => this.#admit(call, object, old));
    this.#deletes = new Deletes(store, (call, old) =>
      this.#webhooks.check(call, { operation: 'DELETE', object: undefined, old }),
    );
  }

  /** Begins anew whenever webhooks had to be asked: what they were shown may have changed meanwhile. */
  async of(call: Call, accepted: Accepted): Promise<Answer | undefined> {
    for (;;) {
      const said = call.warnings.length;
      try {
        return this.#answer(call, accepted);
      } catch (error) {
        if (!(error instanceof Unasked)) throw error;
        call.warnings.length = said;
        await this.#webhooks.ask(call, error.question);
      }
    }
  }

  #answer(call: Call, { form }: Accepted): Answer | undefined {
    const { type, method, name, namespace } = call;
    const across = type.namespaced && namespace === undefined;
    if (across && (method !== 'GET' || name !== '')) return undefined;
    switch (method) {
      case 'GET':
        if (name === '') return { code: 200, object: listAs(list(this.#store, call), type, form) };
        return { code: 200, object: asForm(this.#get(call), type, form) };
      case 'POST':
        if (type.review) return this.#reviews.answer(call, call.caller);
        if (type.plural === 'serviceaccounts' && call.subresource === 'token') return this.#reviews.token(call);
        return this.#settled(call, this.#writes.create(call));
      case 'PUT':
        return this.#settled(call, this.#writes.update(call));
      case 'PATCH':
        return this.#settled(call, this.#writes.patch(call));
      case 'DELETE': {
        if (name !== '') return this.#deletes.delete(call);
        const listed = list(this.#store, call);
        this.#deletes.deleteAll(call, listed.items);
        return { code: 200, object: listAs(listed, type, form) };
      }
      default:
        throw methodNotAllowed(type, method.toLowerCase());
    }
  }

  #get({ type, namespace = '', name, subresource, query }: Call): JsonObject {
    const object = this.#store.get(resourceKey(type), namespace, name);
    const version = query.get('resourceVersion') ?? '';
    if (version !== '' && version !== '0')
      checkVersion(this.#store, version, (why) => badRequest(`invalid resource version: ${why}`));
    const known =
      subresource === '' || (subresource === 'status' && type.status) || (subresource === 'scale' && type.scale);
    if (object === undefined || !known) throw notFound(type, name);
    return subresource === 'scale' ? scaleOf(object, type.scalePaths) : object;
  }

  /** A definition is served once it is stored; its status says so in a second write, after the answer. */
  #settled({ type, subresource, query }: Call, answer: { code: number; object: JsonObject }): typeof answer {
    if (type !== definitionType || subresource !== '' || answer.code !== 201 || query.has('dryRun')) return answer;
    const live = answer.object as ApiObject;
    const time = now();
    const next = { ...clone(live), status: establishedStatus(live, time) };
    const writer = { manager: 'kube-apiserver', operation: 'Update', apiVersion: live.apiVersion } as const;
    const rest = { subresource: 'status', time, force: false };
    this.#store.put(resourceKey(type), afterUpdate(live, next, type.schema, { ...writer, ...rest }));
    return answer;
  }

  /** An apply that creates needs the right to create as well. */
  #admit(call: Call, object: ApiObject, old: ApiObject | undefined): void {
    const { caller, type, name, namespace = '' } = call;
    if (old === undefined && call.method !== 'POST') {
      const create = { verb: 'create', group: type.group, resource: type.plural, subresource: '', namespace, name };
      const wanted = { ...create, path: '' };
      if (this.#rights.allowing(caller, wanted) === undefined) throw notAllowed(caller.username, wanted);
    }
    checkEscalation(this.#rights, caller, type, object, old);
    this.#webhooks.check(call, { operation: old === undefined ? 'CREATE' : 'UPDATE', object, old });
  }
}
