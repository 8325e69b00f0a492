import type { CallerFace } from '#contract';
import { randomToken } from '#kernel';
import { serversError } from '../errors.ts';
import type { HeldCall } from './held-call.ts';

/** As long as the sealed state that names it counts: people take their time. */
const LIFETIME_MS = 10 * 60_000;

/** For whom it waits. */
export type ParkedFor = Pick<CallerFace, 'context' | 'signIn'>;

interface Parked {
  readonly call: HeldCall;
  readonly caller: ParkedFor;
  readonly expiry: NodeJS.Timeout;
}

const MOST = 500;
/** Of one caller: who asks and never comes back takes nothing away from others. */
const MOST_OF_ONE = 32;

/**
 * Work of session servers that waits for clients of the stateless era to come back with answers. In memory: what
 * waits is a connection. Bounded, so that clients that never come back cost so much and no more.
 */
export class ParkedCalls {
  readonly #lifetimeMs: number;
  readonly #parked = new Map<string, Parked>();

  constructor(lifetimeMs = LIFETIME_MS) {
    this.#lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.#parked.size;
  }

  /** An id that nobody guesses, for a call that may have to wait. */
  newId(): string {
    return randomToken();
  }

  /** Keeps it until it is taken or nobody came. The longest parked makes room: of the caller, or of all. */
  park(id: string, call: HeldCall, caller: ParkedFor): void {
    const own = Array.from(this.#parked).filter(([, parked]) => parked.caller.context === caller.context);
    if (own.length >= MOST_OF_ONE) this.#abandonFirst(own.map(([one]) => one));
    else if (this.#parked.size >= MOST) this.#abandonFirst(this.#parked.keys());
    const expiry = setTimeout(() => this.#abandon(id, 'nobody came with the answer'), this.#lifetimeMs).unref();
    this.#parked.set(id, { call, caller, expiry });
  }

  /** The call that waits, once. Throws `ROUND_EXPIRED` where none does, or it is another caller's. */
  take(id: string, context: string): HeldCall {
    const parked = this.#parked.get(id);
    if (parked === undefined || parked.caller.context !== context)
      throw serversError('ROUND_EXPIRED', 'the server does not wait for these answers any more');
    this.#parked.delete(id);
    clearTimeout(parked.expiry);
    return parked.call;
  }

  /** Ends those that wait for one of the sign-ins. */
  endOf(signIns: ReadonlySet<string>): void {
    for (const [id, { caller }] of this.#parked)
      if (caller.signIn !== undefined && signIns.has(caller.signIn)) this.#abandon(id, 'the caller has signed out');
  }

  /** Ends all of them. */
  end(): void {
    for (const id of this.#parked.keys()) this.#abandon(id, 'the server was taken away');
  }

  #abandonFirst([oldest]: Iterable<string>): void {
    if (oldest !== undefined) this.#abandon(oldest, 'too many calls wait for answers');
  }

  #abandon(id: string, why: string): void {
    const parked = this.#parked.get(id);
    if (parked === undefined) return;
    this.#parked.delete(id);
    clearTimeout(parked.expiry);
    parked.call.abandon(serversError('ROUND_EXPIRED', why));
  }
}
