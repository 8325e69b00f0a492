import type { IncomingMessage } from 'node:http';
import type { CredentialRefusal, Principal, ResourcePlace } from '#contract';
import { err, type Result } from '#kernel';
import { nativeHeader, type CheckedToken, type DoorChallenge, type ResourceServer } from '#resource-server';
import { gatewayError } from '../errors.ts';

/** What a call knows of the door that it came through, beside who came. */
export interface DoorGuard {
  readonly challenge: DoorChallenge;
  /** The token of that service beside the credential; undefined where the request has none. Never rejects. */
  tokenOf(service: string): Promise<Result<CheckedToken, CredentialRefusal>> | undefined;
}

/** The guard of a door over HTTP. */
export class HttpGuard implements DoorGuard {
  readonly #resources: ResourceServer;
  readonly #request: IncomingMessage;
  readonly #place: ResourcePlace & { readonly namespace: string };

  constructor(
    resources: ResourceServer,
    request: IncomingMessage,
    place: ResourcePlace & { readonly namespace: string },
  ) {
    this.#resources = resources;
    this.#request = request;
    this.#place = place;
  }

  get challenge(): DoorChallenge {
    return this.#resources.challengeAt(this.#place, this.#request.headers.host);
  }

  /** Throws `INSUFFICIENT_SCOPE` unless the credential has the scopes that everybody needs at this door. */
  checkScopes(principal: Principal): void {
    const scopes = this.#resources.scopesFor(this.#place.namespace, principal);
    if (scopes.every((scope) => principal.scopes.has(scope))) return;
    const { metadata } = this.challenge;
    throw gatewayError('INSUFFICIENT_SCOPE', 'insufficient scopes', { details: { scopes, metadata } });
  }

  tokenOf(service: string): Promise<Result<CheckedToken, CredentialRefusal>> | undefined {
    const header = this.#request.headers[nativeHeader(service)];
    if (header === undefined) return undefined;
    // Node joins a header that came twice; then it is none of them.
    if (typeof header !== 'string') return Promise.resolve(err({ reason: 'malformed' }));
    return this.#resources.verifyNative({ namespace: this.#place.namespace, service }, header);
  }
}
