import type { CallerFace } from '#contract';

/**
 * The caller of a connection that outlives calls. It is the same sign-in all along, and the credential that each call
 * came with ends before it does: so what is fetched in the caller's name goes through the call that came last.
 */
export class LatestCaller implements CallerFace {
  readonly context: string;
  readonly signIn: string | undefined;
  #latest: CallerFace;

  constructor(caller: CallerFace) {
    this.context = caller.context;
    this.signIn = caller.signIn;
    this.#latest = caller;
  }

  /** Of the same context. */
  came(caller: CallerFace): void {
    this.#latest = caller;
  }

  upstreamToken(...asked: Parameters<CallerFace['upstreamToken']>): ReturnType<CallerFace['upstreamToken']> {
    return this.#latest.upstreamToken(...asked);
  }
}
