/** The answers to reviews, and to requests for tokens. */
import type { Attributes } from './attributes.ts';
import { type Caller, userInfo } from './callers.ts';
import type { Call } from './call.ts';
import { type ApiObject, child, isObject, type Json, type JsonObject, listAt, text } from './json.ts';
import { now } from './lifecycle.ts';
import { afterUpdate } from './managed-fields.ts';
import { writeOptions } from './options.ts';
import { zero } from './pruning.ts';
import { readObject } from './reading.ts';
import { apiVersionOf } from './resource-type.ts';
import type { Rights } from './rights.ts';
import { badRequest, invalid, invalidValue, notFound } from './statuses.ts';
import type { Store } from './store.ts';
import { ownAudience, type Tokens } from './tokens.ts';
import { authentication, authorization, tokenRequest } from './types/reviews.ts';

export class Reviews {
  readonly #store: Store;
  readonly #rights: Rights;
  readonly #tokens: Tokens;

  constructor(store: Store, rights: Rights, tokens: Tokens) {
    this.#store = store;
    this.#rights = rights;
    this.#tokens = tokens;
  }

  answer(call: Call, caller: Caller): { code: number; object: JsonObject } {
    const object = asked(call);
    const { metadata } = object;
    switch (object.kind) {
      case 'SelfSubjectReview':
        metadata.creationTimestamp = now();
        object['status'] = { userInfo: userInfo(caller) };
        break;
      case 'TokenReview':
        object['status'] = this.#reviewed(object);
        break;
      case 'SelfSubjectRulesReview':
        return { code: 201, object: this.#rules(object, caller) };
      default:
        object['status'] = this.#access(object, object.kind.startsWith('Self') ? caller : named(object));
    }
    return { code: 201, object };
  }

  /** A token of the service account that the request names. */
  token(call: Call): { code: number; object: JsonObject } {
    const { namespace = '', name } = call;
    const account = this.#store.get('/serviceaccounts', namespace, name);
    if (account === undefined) throw notFound(call.type, name);
    const object = asked({ ...call, type: tokenRequest });
    const spec = child(object, 'spec');
    const seconds = Number(spec['expirationSeconds']);
    if (seconds < 600) {
      const why = 'may not specify a duration less than 10 minutes';
      throw invalid(authentication, 'TokenRequest', '', [invalidValue('spec.expirationSeconds', seconds, why)]);
    }
    const given = child(spec, 'boundObjectRef');
    const bound = given['kind'] === undefined ? undefined : { kind: text(given['kind']), name: text(given['name']) };
    if (bound !== undefined && this.#tokens.boundUid(namespace, bound) === undefined)
      throw notFound({ group: '', plural: `${bound.kind.toLowerCase()}s`, kind: bound.kind }, bound.name);
    const wanted = listAt(spec, 'audiences').map(text);
    const audiences = wanted.length === 0 ? [ownAudience] : wanted;
    const token = this.#tokens.issue(namespace, name, { audiences, seconds, ...(bound !== undefined && { bound }) });
    const expires = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    const { uid = '' } = account.metadata;
    return {
      code: 201,
      object: {
        ...object,
        metadata: { ...object.metadata, name, namespace, uid, creationTimestamp: now() },
        spec: { ...spec, audiences, boundObjectRef: bound === undefined ? null : given },
        status: { token, expirationTimestamp: expires },
      },
    };
  }

  #reviewed(object: ApiObject): JsonObject {
    const spec = child(object, 'spec');
    const token = text(spec['token']);
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    const wanted = listAt(spec, 'audiences').map(text);
    const found = this.#tokens.review(token, wanted.length === 0 ? [ownAudience] : wanted);
    if ('error' in found) return { user: {}, error: found.error };
    return { authenticated: true, user: userInfo(found.caller), audiences: [...found.audiences] };
  }

  #access(object: ApiObject, caller: Caller): JsonObject {
    const spec = child(object, 'spec');
    const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
    if (isObject(resource) === isObject(path)) {
      const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
      throw invalid(authorization, '', '', [invalidValue('spec.resourceAttributes', null, why)]);
    }
    const said = (isObject(resource) ? resource : path) as Readonly<Record<string, Json>>;
    const wanted = Object.fromEntries(
      ['verb', 'group', 'resource', 'subresource', 'namespace', 'name', 'path'].map((name) => [name, text(said[name])]),
    ) as unknown as Attributes;
    const reason = this.#rights.allowing(caller, wanted);
    return { allowed: reason !== undefined, ...(reason !== undefined && reason !== '' && { reason }) };
  }

  #rules(object: ApiObject, caller: Caller): JsonObject {
    const all = this.#rights.grants(caller, text(child(object, 'spec')['namespace'])).flatMap(({ rules }) => rules);
    const [resourceRules, nonResourceRules] = [
      all.filter((rule) => rule.nonResourceURLs === undefined),
      all.filter((rule) => rule.nonResourceURLs !== undefined),
    ].map((rules) => structuredClone(rules) as unknown as Json);
    const status = { resourceRules, nonResourceRules, incomplete: false };
    return { kind: object.kind, apiVersion: object.apiVersion, metadata: {}, spec: {}, status };
  }
}

/** The question, with who set which of its fields. */
function asked(call: Call): ApiObject {
  const options = writeOptions(call.query, 'CreateOptions', call.headers['user-agent'] ?? 'unknown', false);
  const { type } = call;
  const writer = { manager: options.fieldManager, operation: 'Update', apiVersion: apiVersionOf(type) } as const;
  const rest = { subresource: call.subresource, time: now(), force: false };
  const empty = { metadata: {}, ...zero(type.schema) };
  return structuredClone(afterUpdate(empty, readObject(call, options), type.schema, { ...writer, ...rest }));
}

function named(object: ApiObject): Caller {
  const spec = child(object, 'spec');
  return { username: text(spec['user']), groups: listAt(spec, 'groups').map(text) };
}
