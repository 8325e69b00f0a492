import type { IncomingMessage } from 'node:http';
import type { Logger, Result } from '#kernel';
import { gatewayError } from '../errors.ts';
import { authenticate, type WaysIn } from './authenticate.ts';
import type { Caller, Unauthenticated } from './caller.ts';
import type { Arrival, DoorRecords } from './door-records.ts';
import type { FailedCredentials } from './failed-credentials.ts';
import type { HttpPeer } from './peer.ts';

/** Who comes in: authentication, its record, and what addresses are throttled by. */
export class Reception {
  readonly #records: DoorRecords;
  readonly #failures: FailedCredentials;
  readonly #isServing: () => boolean;
  readonly #log: Logger;

  constructor(parts: {
    readonly records: DoorRecords;
    readonly failures: FailedCredentials;
    readonly isServing: () => boolean;
    readonly log: Logger;
  }) {
    this.#records = parts.records;
    this.#failures = parts.failures;
    this.#isServing = parts.isServing;
    this.#log = parts.log;
  }

  /** The caller, on record. Throws the refusal, which is on record as well. */
  welcome(
    request: IncomingMessage,
    arrival: Arrival & { readonly peer: HttpPeer },
    ways: WaysIn,
  ): Caller | Promise<Caller> {
    const { authorization } = request.headers;
    this.#failures.check(arrival.peer.address, authorization);
    const checked = authenticate(request, arrival.peer, ways, this.#log);
    if (checked instanceof Promise)
      return checked.then((authenticated) => this.#letIn(authenticated, arrival, authorization));
    return this.#letIn(checked, arrival, authorization);
  }

  /** For who is asked elsewhere who they are: throws what keeps everybody out, or their address. */
  letThrough(request: IncomingMessage, peer: HttpPeer): void {
    this.#failures.check(peer.address, request.headers.authorization);
    this.#checkServing();
  }

  #letIn(
    authenticated: Result<Caller, Unauthenticated>,
    arrival: Arrival,
    authorization: string | undefined,
  ): Caller | Promise<Caller> {
    const { address } = arrival.peer;
    if (authenticated.ok) this.#failures.succeeded(address, authorization);
    else {
      const { refusal, error } = authenticated.error;
      // Nothing of the caller's was judged where there was none, or nobody to ask.
      if (refusal !== 'absent' && refusal.reason !== 'unavailable') this.#failures.failed(address);
      return this.#records.refused(refusal, arrival).then(() => Promise.reject(error));
    }
    const recorded = this.#records.accepted(authenticated.value.principal, arrival);
    return recorded === undefined
      ? this.#whileServing(authenticated.value)
      : recorded.then(() => this.#whileServing(authenticated.value));
  }

  #whileServing(caller: Caller): Caller {
    this.#checkServing();
    return caller;
  }

  #checkServing(): void {
    if (this.#isServing()) return;
    throw gatewayError('SHUTTING_DOWN', 'the server is ending', { details: { retryAfterSeconds: 1 } });
  }
}
