/** Tokens of service accounts: issued for audiences, for a time, and bound to what they must not outlive. */
import { randomBytes, randomUUID } from 'node:crypto';
import { administrator, type Caller, serviceAccount } from './callers.ts';
import type { Store } from './store.ts';

export const ownAudience = 'https://kubernetes.default.svc';
const bindable: Readonly<Record<string, string>> = {
  Secret: '/secrets',
  Pod: '/pods',
  ServiceAccount: '/serviceaccounts',
};

export interface Bound {
  readonly kind: string;
  readonly name: string;
}

interface Issued {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly id: string;
  readonly audiences: readonly string[];
  readonly expires: number;
  readonly bound?: Bound & { readonly uid: string };
}

export type Reviewed = { readonly caller: Caller; readonly audiences: readonly string[] } | { readonly error: string };

export class Tokens {
  /** Of the administrator. */
  readonly administrator = randomBytes(24).toString('base64url');
  readonly #store: Store;
  readonly #granted = new Map<string, Caller>();
  readonly #issued = new Map<string, Issued>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A token of a service account that is there. */
  issue(
    namespace: string,
    name: string,
    {
      audiences = [ownAudience],
      seconds = 3600,
      bound,
    }: { audiences?: string[]; seconds?: number; bound?: Bound } = {},
  ): string {
    const uid = this.#uidOf('/serviceaccounts', namespace, name);
    if (uid === undefined) throw new TypeError(`there is no service account \`${name}\` in \`${namespace}\``);
    const token = randomBytes(24).toString('base64url');
    const to = bound === undefined ? undefined : this.boundUid(namespace, bound);
    this.#issued.set(token, {
      ...{ namespace, name, uid, audiences, id: randomUUID(), expires: Date.now() + seconds * 1000 },
      ...(bound !== undefined && to !== undefined && { bound: { ...bound, uid: to } }),
    });
    return token;
  }

  /** A token of anybody, for the API server itself. */
  grant(caller: Caller): string {
    const token = randomBytes(24).toString('base64url');
    this.#granted.set(token, caller);
    return token;
  }

  /** The uid of what a token would be bound to, where it is there. */
  boundUid(namespace: string, { kind, name }: Bound): string | undefined {
    return this.#uidOf(bindable[kind] ?? '', namespace, name);
  }

  /** Of a token for the API server itself. */
  callerOf(token: string): Caller | undefined {
    const granted = token === this.administrator ? administrator : this.#granted.get(token);
    if (granted !== undefined) return granted;
    const found = this.review(token, [ownAudience]);
    return 'caller' in found ? found.caller : undefined;
  }

  review(token: string, audiences: readonly string[]): Reviewed {
    const issued = this.#issued.get(token);
    if (issued === undefined) return { error: 'invalid bearer token' };
    const { namespace, name, uid, id, bound } = issued;
    const fault = (why: string): Reviewed => ({ error: `[invalid bearer token, ${why}]` });
    const shown = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;
    const shared = audiences.filter((one) => issued.audiences.includes(one));
    if (shared.length === 0)
      return fault(
        `token audiences ${shown(issued.audiences)} is invalid for the target audiences ${shown(audiences)}`,
      );
    if (Date.now() >= issued.expires) return fault('service account token has expired');
    const account = this.#uidOf('/serviceaccounts', namespace, name);
    if (account === undefined) return fault(`serviceaccounts "${name}" not found`);
    if (account !== uid) return fault('service account UID does not match claim');
    if (bound !== undefined && this.boundUid(namespace, bound) !== bound.uid)
      return fault('service account token has been invalidated');
    const extra = { 'authentication.kubernetes.io/credential-id': [`JTI=${id}`] };
    return { caller: serviceAccount(namespace, name, { uid, extra }), audiences: shared };
  }

  #uidOf(resource: string, namespace: string, name: string): string | undefined {
    return this.#store.get(resource, namespace, name)?.metadata.uid;
  }
}
