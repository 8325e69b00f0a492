import { performance } from 'node:perf_hooks';

/** A statement that has waited for so long asks whether the server is there. */
export const QUIET_MS = 600;
/** A server that takes longer for nothing at all is not. */
const ASKED_MS = 800;
/** Whose own timers come later than this is too busy itself to say anything of others. */
const LATE_MS = 100;

/** Whether a timer that was due then comes so late that it is we who are held up. */
export const isLate = (due: number): boolean => performance.now() - due > LATE_MS;

/**
 * Whether the server says anything. A slow statement and a server that is gone look the same to who waits, and
 * statements may take longer than callers should wait for a server that is not there (ADR 52). So one asks, over a
 * connection of its own, for all who wonder.
 */
export class SignsOfLife {
  readonly #ask: (withinMs: number) => Promise<boolean>;
  #heardAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<boolean> | undefined;

  /** `ask` says whether the server answers a new connection within so many milliseconds. Never rejects. */
  constructor(ask: (withinMs: number) => Promise<boolean>) {
    this.#ask = ask;
  }

  /** Something came from the server. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Whether it is there: it has been heard lately, on any connection, or it answers now. */
  async isThere(): Promise<boolean> {
    if (performance.now() - this.#heardAt < QUIET_MS / 2) return true;
    this.#asking ??= this.#ask(ASKED_MS).finally(() => (this.#asking = undefined));
    return await this.#asking;
  }
}
