/** Faults a test injects, request by request: each meets the next requests that match it, in turn. */
import type { Refusal } from './statuses.ts';

export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly watch: boolean;
  /** Who sent it, `''` where the token is of nobody; and what it is about. */
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What it was answered with; absent while it is not, or was cut off. */
  code?: number;
}

export type Fault =
  /** Answered with this refusal; nothing is done. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly retryAfterSeconds?: number }
  /** The connection is reset before anything is done. */
  | { readonly kind: 'reset-before' }
  /** The work is done, but the connection is reset instead of answering. */
  | { readonly kind: 'reset-after' }
  /** Held until the promise settles, then served as ever. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** A watch that is cut after so many frames; abruptly, or as if it had timed out. */
  | { readonly kind: 'cut-watch'; readonly frames: number; readonly abrupt: boolean }
  /** A watch that says after so many frames that its version is gone (410). */
  | { readonly kind: 'expire-watch'; readonly frames: number };

interface Planned {
  readonly matches: (request: Request) => boolean;
  readonly fault: Fault;
  left: number;
}

export class Faults {
  readonly #planned: Planned[] = [];

  /** Meets the next `times` requests that match. Returns how to call the rest off. */
  inject(matches: (request: Request) => boolean, fault: Fault, times = 1): () => void {
    const planned: Planned = { matches, fault, left: times };
    this.#planned.push(planned);
    return () => {
      planned.left = 0;
    };
  }

  /** The fault this request meets, counted off. */
  take(request: Request): Fault | undefined {
    const met = this.#planned.find(({ left, matches }) => left > 0 && matches(request));
    if (met === undefined) return undefined;
    met.left--;
    return met.fault;
  }
}
