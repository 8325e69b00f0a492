/**
 * Holds calls against what their callers usually do. A caller who is known is looked at as the call ends, which is a
 * look at a few counts; what has to be read or written waits for a moment, and where more waits than can be looked
 * at, some is left out and said to be.
 */
import type { AuditTrail, Principal } from '#contract';
import type { Database } from '#db';
import { addressBlock, LOCAL_ISSUER, SYSTEM } from '#identity';
import { BoundedCache, newId, type Clock, type Logger } from '#kernel';
import { raiseAlert, readProfile, setAlertRecord, writeProfile, type Alert } from '../store/alerts-store.ts';
import { pseudonymOf, type Ended } from '../usage/usage.ts';
import { Habits } from './habits.ts';
import { merged, NEW_PROFILE, type AnomalyKind, type Finding, type Profile } from './profile.ts';

/** A call, as it is noted when it ends. */
export interface NotedCall {
  readonly at: number;
  readonly namespace: string;
  readonly tool: string;
  readonly principal: Principal;
  readonly ended: Ended;
  /** Of its arguments (`argument-size.ts`). */
  readonly size: number;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Where somebody knows it. */
  readonly country: string | undefined;
}

export interface AnomalyWatchParts {
  readonly database: Database;
  readonly trail: Pick<AuditTrail, 'append' | 'digest'>;
  /** Between two alerts about one caller and kind. */
  readonly cooldownMs: number;
  /** An alert was raised: whoever tells a receiver looks at once. Undefined where there is none. */
  readonly raised?: (() => void) | undefined;
  readonly counted?: ((kind: AnomalyKind) => void) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_AFTER_MS = 200;
const SAVE_EVERY_MS = 60_000;
/** Profiles that share a commit: on SQLite each one waits for the disk, and every call with it. */
const SAVED_TOGETHER = 50;
const MOST_WAITING = 5000;
/** Callers whose profiles are in memory; others are read when they come. */
const MOST_PROFILES = 2000;

interface Kept {
  habits: Habits;
  isChanged: boolean;
}

interface Found {
  readonly call: NotedCall;
  readonly caller: string;
  readonly finding: Finding;
}

export class AnomalyWatch {
  readonly #parts: AnomalyWatchParts;
  readonly #profiles = new Map<string, Kept>();
  readonly #digests = new BoundedCache<string, string>(10_000);
  #waiting: NotedCall[] = [];
  #found: Found[] = [];
  /** What is observed meanwhile would be lost to what comes back. */
  #isSaving = false;
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #savedAt: number;

  constructor(parts: AnomalyWatchParts) {
    this.#parts = parts;
    this.#savedAt = parts.clock.now();
  }

  note(call: NotedCall): void {
    const caller = pseudonymOf(call.principal);
    const kept = this.#profiles.get(caller);
    if (kept !== undefined && !this.#isSaving && this.#waiting.length === 0) this.#observe(kept, caller, call);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(call);
    else this.#leftOut++;
    if (this.#waiting.length === 0 && this.#found.length === 0 && !this.#isSaveDue()) return;
    this.#timer ??= setTimeout(() => void this.look(), LOOK_AFTER_MS).unref();
  }

  /** Looks at what waits. Never rejects: nobody waits for it, and calls go on without. */
  look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#working = this.#working
      .then(() => this.#look())
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'could not look for what is unusual')));
  }

  /** Looks at what waits, and keeps what was learned. */
  async close(): Promise<void> {
    await this.look();
    await this.#save().catch((error: unknown) =>
      this.#parts.log.warn({ err: error }, 'what callers usually do could not be kept'),
    );
  }

  async #look(): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    if (this.#leftOut > 0)
      this.#parts.log.warn({ event: 'anomalies.left-out', calls: this.#leftOut }, 'more calls than could be looked at');
    this.#leftOut = 0;
    for (const call of calls) {
      const name = pseudonymOf(call.principal);
      const kept = this.#profiles.get(name) ?? (await this.#read(name));
      this.#observe(kept, name, call);
    }
    for (let found = this.#found.shift(); found !== undefined; found = this.#found.shift()) await this.#raise(found);
    if (this.#isSaveDue()) await this.#save();
  }

  #observe(kept: Kept, caller: string, call: NotedCall): void {
    kept.isChanged = true;
    for (const finding of kept.habits.observe(this.#observed(call))) this.#found.push({ call, caller, finding });
  }

  #isSaveDue(): boolean {
    return Math.abs(this.#parts.clock.now() - this.#savedAt) >= SAVE_EVERY_MS;
  }

  #observed({ at, tool, ended, size, address, userAgent, country, principal }: NotedCall) {
    return {
      ...{ at, tool, denied: ended === 'denied', size },
      address: address === undefined ? undefined : this.#blockOf(address),
      country,
      client: principal.clientId?.slice(0, 128) ?? programOf(userAgent),
    };
  }

  /** A digest: where somebody was is not kept in the clear. */
  #blockOf(address: string): string {
    let digest = this.#digests.get(address);
    if (digest === undefined) {
      const block = addressBlock(address);
      // Neighbours in a network of 256 are one place, as those of a /64 are.
      const place = block.includes(':') ? block : block.slice(0, block.lastIndexOf('.'));
      digest = this.#parts.trail.digest(place).slice(-22);
      this.#digests.set(address, digest);
    }
    return digest;
  }

  async #read(name: string): Promise<Kept> {
    if (this.#profiles.size >= MOST_PROFILES) {
      await this.#save();
      this.#profiles.clear();
    }
    const profile = (await readProfile(this.#parts.database.db, name)) ?? NEW_PROFILE;
    const kept = { habits: new Habits(profile), isChanged: false };
    this.#profiles.set(name, kept);
    return kept;
  }

  async #save(): Promise<void> {
    this.#isSaving = true;
    try {
      await this.#saveChanged();
    } finally {
      this.#isSaving = false;
    }
  }

  async #saveChanged(): Promise<void> {
    const { database, clock } = this.#parts;
    this.#savedAt = clock.now();
    // In one order, so that no two processes wait for each other.
    const changed = [...this.#profiles]
      .filter(([, { isChanged }]) => isChanged)
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    for (let at = 0; at < changed.length; at += SAVED_TOGETHER) {
      const together = changed.slice(at, at + SAVED_TOGETHER);
      for (const [, kept] of together) kept.isChanged = false;
      const saved = await database.transaction(async (trx) => {
        const profiles: Profile[] = [];
        for (const [name, { habits }] of together) {
          const own = habits.profile;
          const stored = await readProfile(trx, name);
          const profile = stored === undefined ? own : merged(own, stored);
          await writeProfile(trx, name, profile, this.#savedAt);
          profiles.push(profile);
        }
        return profiles;
      });
      for (const [index, [, kept]] of together.entries()) kept.habits = new Habits(saved[index] as Profile);
    }
  }

  async #raise({ call, caller: principal, finding: { kind, seen, usual } }: Found): Promise<void> {
    const { database, trail, clock, cooldownMs, counted, raised } = this.#parts;
    const { namespace, tool, address, userAgent } = call;
    const now = clock.now();
    const alert: Alert = {
      ...{
        id: newId(now),
        kind,
        namespace,
        principal,
        tool,
        seen: String(seen).slice(0, 200),
        usual: String(usual).slice(0, 200),
      },
      ...{ recordId: undefined, raisedAt: now, acknowledgedAt: undefined, acknowledgedBy: undefined, note: '' },
    };
    if (!(await database.transaction((trx) => raiseAlert(trx, alert, { cooldownMs, isTold: raised !== undefined }))))
      return;
    counted?.(kind);
    const { kind: who, iss, sub, name } = call.principal;
    const where = {
      ...(address !== undefined && { address }),
      ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 256) }),
    };
    const isPerson = who === 'user' && iss === LOCAL_ISSUER;
    const { id } = await trail.append({
      ...{ class: 'authorization', type: 'anomaly.detected', door: 'system', actor: SYSTEM, action: 'detect' },
      object: { kind: who, namespace, name, id: iss === LOCAL_ISSUER ? sub : `${iss}#${sub}`.slice(0, 256) },
      outcome: 'success',
      details: { alert: alert.id, kind, tool, seen: alert.seen, usual: alert.usual, ...(!isPerson && where) },
      // Sealed under the person's key, and gone with it.
      ...(isPerson && Object.keys(where).length > 0 && { personal: where }),
    });
    await setAlertRecord(database.db, alert.id, id);
    raised?.();
  }
}

/** `curl/8.5.0` and the next version of it are one program. */
const programOf = (userAgent: string | undefined): string | undefined =>
  userAgent === undefined || userAgent === ''
    ? undefined
    : (/^[^/\s]{1,64}/.exec(userAgent)?.[0] ?? 'unnamed').toLowerCase();
