import { sha256Hex, type Clock } from '#kernel';
import type { Database } from '#db';
import { countOpened, evictOldest, findArtifact } from '../store/artifacts-store.ts';

/** How many of a kind may be open: of one client, and in all. */
interface Most {
  readonly ofClient: number;
  readonly inAll: number;
  /** How long one is kept whatever comes, in milliseconds; undefined where it is kept to its end. */
  readonly keptMs: number | undefined;
}

export type OpeningLimits = Readonly<Record<string, Most>>;

const MINUTE = 60_000;

/**
 * What anybody may open without being known: sign-ins that were begun, requests that were pushed, programs that
 * wait, browsers that look at a form. At about two kilobytes each, a hundred megabytes at the most.
 */
export const OPENING_LIMITS: OpeningLimits = {
  Interaction: { ofClient: 5000, inAll: 20_000, keptMs: 10 * MINUTE },
  PushedAuthorizationRequest: { ofClient: 5000, inAll: 20_000, keptMs: undefined },
  DeviceCode: { ofClient: 1000, inAll: 5000, keptMs: undefined },
  Session: { ofClient: 10_000, inAll: 10_000, keptMs: 10 * MINUTE },
};

/** All of a model are counted with every so many new ones: up to so many more may stand beside each other. */
const COUNT_ALL_EVERY = 16;

/**
 * Keeps strangers from filling the table. Where there are too many, the one that ends first makes room, unless it
 * is new: a flood shall not push out who is just about to sign in. Then there is no room.
 */
export class Openings {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #limits: OpeningLimits;
  readonly #opened = new Map<string, number>();

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly limits?: OpeningLimits }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#limits = parts.limits ?? OPENING_LIMITS;
  }

  /**
   * Whether one more may be kept for `seconds`. One that is there already, or is no stranger's, may. Throws as the
   * database does.
   */
  async admits(
    model: string,
    one: { readonly id: string; readonly clientId: string | null; readonly isKnown: boolean; readonly seconds: number },
  ): Promise<boolean> {
    const most = Object.hasOwn(this.#limits, model) ? this.#limits[model] : undefined;
    if (most === undefined || one.isKnown) return true;
    const { db } = this.#database;
    const now = this.#clock.now();
    const opened = (this.#opened.get(model) ?? 0) + 1;
    this.#opened.set(model, opened);
    const counts = [
      { which: { model, clientId: one.clientId }, limit: most.ofClient },
      ...(opened % COUNT_ALL_EVERY === 1 ? [{ which: { model }, limit: most.inAll }] : []),
    ];
    for (const { which, limit } of counts) {
      if ((await countOpened(db, which, { now, most: limit })) < limit) continue;
      if ((await findArtifact(db, model, { digest: sha256Hex(one.id) })) !== undefined) return true;
      // It lasts as long as this one, so what ends before that was opened earlier.
      const before = most.keptMs === undefined ? undefined : now + one.seconds * 1000 - most.keptMs;
      if (before === undefined || !(await evictOldest(db, which, before))) return false;
    }
    return true;
  }
}
