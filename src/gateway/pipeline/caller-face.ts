import type { CallerFace, Principal } from '#contract';
import { err } from '#kernel';
import { hash } from 'node:crypto';

/** The caller as a tool sees it. Both are worked out when a tool asks: most do not. */
export class CallerBehind implements CallerFace {
  readonly #principal: Principal;
  #context: string | undefined;

  constructor(principal: Principal) {
    this.#principal = principal;
  }

  /** By the sign-in and not by the token: who gets a new one goes on with what the last has opened. */
  get context(): string {
    const { kind, iss, sub, namespace, tsid, clientId, act } = this.#principal;
    const parts = [kind, iss, sub, namespace, tsid ?? null, clientId ?? null, act ?? []];
    return (this.#context ??= hash('sha256', JSON.stringify(parts), 'base64url'));
  }

  upstreamToken(): ReturnType<CallerFace['upstreamToken']> {
    return Promise.resolve(err({ reason: 'session' }));
  }
}
