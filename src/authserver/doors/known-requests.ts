import type { ClientCertificate } from '#tls';
import type { Asking } from '../provider/records.ts';

/** What is known of a request before the provider sees it, which keeps a request of its own making. */
export interface KnownRequest {
  readonly asking: Asking;
  /** Who is signed in by its cookie, as far as signing in is over. */
  readonly signedInAs: string | undefined;
  /** The code in the address that a person came by (RFC 8628 §3.3.1). */
  readonly userCode: string | undefined;
  /** Of its connection, where it counts. */
  readonly certificate: ClientCertificate | undefined;
}

const NOBODY: KnownRequest = {
  asking: { requestId: 'none', address: undefined },
  signedInAs: undefined,
  userCode: undefined,
  certificate: undefined,
};

/** By the request that was handed to the provider: its callbacks are given nothing else. */
export class KnownRequests {
  readonly #known = new WeakMap<object, KnownRequest>();

  set(request: object, known: KnownRequest): void {
    this.#known.set(request, known);
  }

  of(request: object): KnownRequest {
    return this.#known.get(request) ?? NOBODY;
  }
}
