import type { Principal } from '#contract';
import type { Clock } from '#kernel';
import { Session } from './session.ts';

export interface SessionLimits {
  /** How many this process keeps. */
  readonly maxSessions: number;
  readonly idleMs: number;
}

/**
 * The sessions of this process. A foreign or ended session answers exactly as one that never was
 * (404): an id tells nobody whose it is. Sessions end when they idle; past the limits the one unused
 * for longest gives way, and no principal holds more than a tenth, so that none can crowd out others.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #limits: SessionLimits;
  readonly #prefix: string;
  /** In order of last use, longest ago first. */
  readonly #sessions = new Map<string, Session>();
  readonly #perPrincipal = new Map<string, number>();

  /** `prefix`: what ids begin with, where several processes must know whose a session is. */
  constructor(clock: Clock, limits: SessionLimits, prefix = '') {
    this.#clock = clock;
    this.#limits = limits;
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Requests in flight and questions to clients, of all sessions. */
  get pending(): number {
    let sum = 0;
    for (const session of this.#sessions.values()) sum += session.pending;
    return sum;
  }

  /** Opens a session; another one may have to end for it. */
  open(options: Omit<ConstructorParameters<typeof Session>[0], 'now' | 'prefix'>): Session {
    this.#endIdle();
    const owner = ownerOf(options.principal);
    if ((this.#perPrincipal.get(owner) ?? 0) >= Math.ceil(this.#limits.maxSessions / 10))
      this.#endOldest(({ principal: { iss, sub } }) => iss === options.principal.iss && sub === options.principal.sub);
    else if (this.#sessions.size >= this.#limits.maxSessions) this.#endOldest(() => true);
    const session = new Session({ ...options, now: this.#clock.now(), prefix: this.#prefix });
    this.#sessions.set(session.id, session);
    this.#perPrincipal.set(owner, (this.#perPrincipal.get(owner) ?? 0) + 1);
    return session;
  }

  /** The session of this id, were it opened by this principal in this namespace; finding it is using it. */
  find(id: string, principal: Principal, namespace: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || !session.belongsTo(principal, namespace)) return undefined;
    const now = this.#clock.now();
    if (this.#isIdle(session, now)) {
      this.end(session);
      return undefined;
    }
    session.lastUsed = now;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  end(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    const owner = ownerOf(session.principal);
    const left = (this.#perPrincipal.get(owner) ?? 1) - 1;
    if (left === 0) this.#perPrincipal.delete(owner);
    else this.#perPrincipal.set(owner, left);
    session.end();
  }

  #isIdle(session: Session, now: number): boolean {
    return session.streams === 0 && session.pending === 0 && now - session.lastUsed > this.#limits.idleMs;
  }

  #endIdle(): void {
    const now = this.#clock.now();
    for (const session of this.#sessions.values()) {
      if (now - session.lastUsed <= this.#limits.idleMs) return;
      if (this.#isIdle(session, now)) this.end(session);
    }
  }

  #endOldest(matches: (session: Session) => boolean): void {
    for (const session of this.#sessions.values()) if (matches(session)) return this.end(session);
  }
}

const ownerOf = (principal: Principal): string => JSON.stringify([principal.iss, principal.sub]);
