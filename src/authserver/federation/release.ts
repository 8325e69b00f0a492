import { SYSTEM } from '#identity';
import type { Clock, Logger } from '#kernel';
import type { Grants, GrantFilter } from '../grants/index.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/** How often it is looked for grants that nobody needs, whoever ended what they stood on. */
const SWEEP_MS = 5 * 60_000;
/** For so long a sign-in and what is allowed after it may take: as long as an authorization request lives. */
export const PENDING_MS = 3600_000;
const AT_ONCE = 100;

/** A person and an owner. */
export interface Pair {
  readonly userId: string;
  readonly owner: string;
}

/**
 * The end of grants that nobody needs: with the last token session of a person with an owner that was allowed to
 * use them, with a consent that was not given, and with a person who is cut off. From that moment on no token opens
 * them; they are also taken away, and the provider is asked to forget them, while nobody waits for it.
 */
export class Release {
  readonly #grants: Grants;
  readonly #sessions: TokenSessions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: {
    readonly grants: Grants;
    readonly sessions: TokenSessions;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#grants = parts.grants;
    this.#sessions = parts.sessions;
    this.#clock = parts.clock;
    this.#log = parts.log;
    parts.sessions.onEnded((ended) => this.begin(() => this.ofPairs(ended)));
    // Not all servers of an installation at the same moment.
    this.#timer = setInterval(() => this.begin(() => this.sweep()), SWEEP_MS * (0.9 + 0.2 * Math.random())).unref();
  }

  /** Waited for; what fails is left to the next sweep, and keeps nobody from anything. */
  async settled(work: () => Promise<void>): Promise<void> {
    this.begin(work);
    await Promise.all(this.#running);
  }

  /** In the background; what fails is left to the next sweep. */
  begin(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) =>
        this.#log.warn({ event: 'grants.release', err: error }, 'grants that nobody needs could not be ended yet'),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Those of the pairs that no session of theirs may use any more. */
  async ofPairs(pairs: readonly Pair[]): Promise<void> {
    const distinct = new Map(pairs.map(({ userId, owner }) => [JSON.stringify([userId, owner]), { userId, owner }]));
    for (const { userId, owner } of distinct.values()) {
      const live = (await this.#sessions.list(userId)).filter((session) => session.owner === owner);
      const needed = new Set(live.flatMap(({ upstreams }) => upstreams));
      for (const { upstream } of await this.#grants.list({ userId, owner }))
        if (!needed.has(upstream)) await this.#revoke({ userId, owner, upstream });
    }
  }

  /** All of a person. */
  async ofPerson(userId: string): Promise<void> {
    await this.#revoke({ userId });
  }

  /**
   * Those that a session ended without this process, or that nobody ever allowed: another process ended it or died
   * before it had done this, a command cut the person off, a sign-in was left half-way.
   */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    for (const { userId, owner } of await this.#grants.unneeded({ now, pendingMs: PENDING_MS, limit: AT_ONCE }))
      await this.#revoke({ userId, owner });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  async #revoke(filter: GrantFilter): Promise<void> {
    await this.#grants.revoke(filter, { door: 'system', actor: SYSTEM });
  }
}
