import { randomBytes } from 'node:crypto';
import {
  BoundedCache,
  equalBytes,
  err,
  ok,
  sha256,
  sha256Hex,
  type ChatelaineError,
  type Clock,
  type Result,
} from '#kernel';
import type { Access, CredentialRefusal, Principal, TokenVerifier } from '#contract';
import type { Database } from '#db';
import { findKey, type StoredKey } from '../store/keys-store.ts';
import { keyState, type ApiKey } from './api-key.ts';
import { KEY_LENGTH, parseKeyText, type KeyText } from './key-text.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** A key whose secret was proved; whether it counts is asked anew at each use. */
interface ProvedKey {
  readonly key: ApiKey;
  readonly accepted: Verdict;
}

const PROVED_KEPT = 10_000;
const REFUSED_KEPT = 4096;
/** Well inside the second within which a revocation elsewhere must hold here. */
const NOTICE_INTERVAL_MS = 250;

const MALFORMED: Verdict = err({ reason: 'malformed' });

/**
 * Turns a presented key into its agent, for every request: one hash and one look-up when the key is
 * known, one statement when it is not.
 *
 * Both caches are keyed by the SHA-256 of the whole key, so no usable key lies in them. They are
 * apart and bounded, so that a flood of wrong keys pushes out wrong keys and nothing else. Either is
 * emptied when anything about keys or agents changes: at once for changes of this process (`forget`),
 * and for those of others when the version of the change feed moves, which is looked at on use, at most
 * every 250 ms, so that an idle server does nothing. While the feed cannot say whether anything
 * changed, nothing is remembered and every key is looked up.
 */
export class KeyVerifier implements TokenVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #used: (keyId: string, now: number) => void;
  readonly #proved = new BoundedCache<string, ProvedKey>(PROVED_KEPT);
  readonly #refused = new BoundedCache<string, Verdict>(REFUSED_KEPT);
  readonly #lookups = new Map<string, Promise<Verdict>>();
  /** What an unknown key is compared with: random, so that no secret hashes to it. */
  readonly #nobodysHash = randomBytes(32);
  #generation = 0;
  #noticedAt = Number.NEGATIVE_INFINITY;
  #version: bigint | 'unknown' = 'unknown';

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    /** Told of each accepted use. */
    readonly used: (keyId: string, now: number) => void;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#used = parts.used;
  }

  /**
   * The agent behind `presented`, or why there is none; never throws. A database that cannot be asked
   * is `unavailable`: what was known before may have been revoked since.
   */
  verify(presented: string): Verdict | Promise<Verdict> {
    // Before anything is computed, so that a token of 100 KiB costs as much as an empty one.
    if (presented.length !== KEY_LENGTH) return MALFORMED;
    const now = this.#clock.now();
    this.#notice(now);
    const digest = sha256Hex(presented);
    const proved = this.#proved.get(digest);
    if (proved !== undefined) return this.#judge(proved, now);
    const refused = this.#refused.get(digest);
    if (refused !== undefined) return refused;
    const text = parseKeyText(presented);
    if (text === undefined) return MALFORMED;
    return this.#lookups.get(digest) ?? this.#startLookup(digest, text);
  }

  /** Forgets every verdict; those on their way are not kept when they arrive. */
  forget(): void {
    this.#generation++;
    this.#proved.clear();
    this.#refused.clear();
    this.#lookups.clear();
  }

  /**
   * Looks whether another process changed something, when the last look was long enough ago. While
   * that is unknown, nothing that was remembered stays, from one call to the next.
   */
  #notice(now: number): void {
    // The distance and not the difference: a clock set back must not stop the looking.
    if (this.#version !== 'unknown' && Math.abs(now - this.#noticedAt) < NOTICE_INTERVAL_MS) return;
    const version = this.#database.changes.version();
    if (version === 'unknown' || version !== this.#version) this.forget();
    this.#version = version;
    this.#noticedAt = now;
  }

  /** Many callers with one new key wait for one statement. */
  #startLookup(digest: string, text: KeyText): Promise<Verdict> {
    const lookup = this.#lookUp(digest, text).finally(() => {
      if (this.#lookups.get(digest) === lookup) this.#lookups.delete(digest);
    });
    this.#lookups.set(digest, lookup);
    return lookup;
  }

  async #lookUp(digest: string, text: KeyText): Promise<Verdict> {
    const generation = this.#generation;
    let stored: StoredKey | undefined;
    try {
      stored = await findKey(this.#database.db, text.id);
    } catch (error) {
      return unavailable(error);
    }
    // One path for known and unknown ids, with one hash and one comparison of 32 bytes each, which
    // does not stop at the first difference: time tells neither the secret nor whether the id exists.
    const expected = stored === undefined ? this.#nobodysHash : Buffer.from(stored.secretHash, 'hex');
    const matches = equalBytes(expected, sha256(text.secret));
    const current = generation === this.#generation;
    if (stored === undefined || !matches) {
      const reason = stored === undefined ? 'unknown' : 'mismatch';
      const refusal: Verdict = err({ reason, detail: `key ${text.id}` });
      if (current) this.#refused.set(digest, refusal);
      return refusal;
    }
    const proved = { key: stored.key, accepted: ok(toPrincipal(stored)) };
    if (current) this.#proved.set(digest, proved);
    return this.#judge(proved, this.#clock.now());
  }

  #judge(proved: ProvedKey, now: number): Verdict {
    const state = keyState(proved.key, now);
    if (state !== 'active') return err({ reason: state, detail: `key ${proved.key.id}` });
    this.#used(proved.key.id, now);
    return proved.accepted;
  }
}

function unavailable(error: unknown): Verdict {
  return err({ reason: 'unavailable', detail: (error as ChatelaineError).message });
}

/** Keys list and call; they do not administer. */
const USE: ReadonlySet<Access> = new Set(['read', 'execute']);

/** Frozen, since all requests with this key share it. */
function toPrincipal({ key, agentRoles }: StoredKey): Principal {
  return Object.freeze({
    kind: 'agent',
    iss: 'chatelaine',
    sub: key.agentId,
    name: key.agent,
    namespace: key.namespace,
    roles: Object.freeze(agentRoles),
    access: USE,
    groups: Object.freeze([]),
    scopes: new Set(key.scopes),
    via: Object.freeze({ method: 'api-key', keyId: key.id } as const),
  });
}
