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
  isWithin,
  type AddressRange,
} from '#kernel';
import type { CredentialRefusal, PeerFacts, Principal, TokenVerifier } from '#contract';
import type { Database } from '#db';
import { ChangeWatch } from '../change-watch.ts';
import { agentPrincipal } from '../agents/agent-principal.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { joinStanding } from '../roles/standing.ts';
import { findKey, type StoredKey } from '../store/keys-store.ts';
import { keyRange } from './key-range.ts';
import { keyState, type ApiKey } from './api-key.ts';
import { KEY_LENGTH, parseKeyText, type KeyText } from './key-text.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** A key whose secret was proved; whether it counts is asked anew at each use. */
interface ProvedKey {
  readonly key: ApiKey;
  readonly accepted: Verdict;
  /** The networks it may be used from; undefined for anywhere. */
  readonly ranges: readonly AddressRange[] | undefined;
}

const PROVED_KEPT = 10_000;
const REFUSED_KEPT = 4096;

const MALFORMED: Verdict = err({ reason: 'malformed' });

/**
 * Turns a presented key into its agent, for every request: one hash and one look-up when the key is
 * known, one statement when it is not.
 *
 * Both caches are keyed by the SHA-256 of the whole key, so no usable key lies in them. They are
 * apart and bounded, so that a flood of wrong keys pushes out wrong keys and nothing else. Either is
 * emptied when anything about keys, agents, people or roles changes: at once for changes of this process
 * (`forget`), and for those of others within 250 ms (`ChangeWatch`).
 */
export class KeyVerifier implements TokenVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #used: (keyId: string, now: number) => void;
  readonly #proved = new BoundedCache<string, ProvedKey>(PROVED_KEPT);
  readonly #refused = new BoundedCache<string, Verdict>(REFUSED_KEPT);
  readonly #lookups = new Map<string, Promise<ProvedKey | Verdict>>();
  /** What an unknown key is compared with: random, so that no secret hashes to it. */
  readonly #nobodysHash = randomBytes(32);
  readonly #declared: DeclaredBindings;
  readonly #watch: ChangeWatch;
  #generation = 0;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly declared: DeclaredBindings;
    /** Told of each accepted use. */
    readonly used: (keyId: string, now: number) => void;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#used = parts.used;
    this.#declared = parts.declared;
    this.#watch = new ChangeWatch(parts.database.changes, () => this.forget());
  }

  /**
   * The agent behind `presented`, or why there is none; never throws. A database that cannot be asked
   * is `unavailable`: what was known before may have been revoked since. A key for certain networks
   * counts for a peer in one of them, and never where the peer is not known.
   */
  verify(presented: string, peer: PeerFacts = {}): Verdict | Promise<Verdict> {
    // Before anything is computed, so that a token of 100 KiB costs as much as an empty one.
    if (presented.length !== KEY_LENGTH) return MALFORMED;
    const now = this.#clock.now();
    this.#watch.look(now);
    const digest = sha256Hex(presented);
    const proved = this.#proved.get(digest);
    if (proved !== undefined) return this.#judge(proved, now, peer);
    const refused = this.#refused.get(digest);
    if (refused !== undefined) return refused;
    const text = parseKeyText(presented);
    if (text === undefined) return MALFORMED;
    const lookup = this.#lookups.get(digest) ?? this.#startLookup(digest, text);
    return lookup.then((found) => ('key' in found ? this.#judge(found, this.#clock.now(), peer) : found));
  }

  /** Forgets every verdict; those on their way are not kept when they arrive. */
  forget(): void {
    this.#generation++;
    this.#proved.clear();
    this.#refused.clear();
    this.#lookups.clear();
  }

  /** Many callers with one new key wait for one statement. */
  #startLookup(digest: string, text: KeyText): Promise<ProvedKey | Verdict> {
    const lookup = this.#lookUp(digest, text).finally(() => {
      if (this.#lookups.get(digest) === lookup) this.#lookups.delete(digest);
    });
    this.#lookups.set(digest, lookup);
    return lookup;
  }

  async #lookUp(digest: string, text: KeyText): Promise<ProvedKey | Verdict> {
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
    let proved: ProvedKey;
    try {
      proved = toProved(stored, this.#declared);
    } catch (error) {
      // A row that somebody wrote without Chatelaine: a limit that cannot be read limits everything.
      return unavailable(error);
    }
    if (current) this.#proved.set(digest, proved);
    return proved;
  }

  #judge({ key, accepted, ranges }: ProvedKey, now: number, { address }: PeerFacts): Verdict {
    const state = keyState(key, now);
    if (state !== 'active') return err({ reason: state, detail: `key ${key.id}` });
    if (ranges !== undefined && !isWithin(ranges, address)) {
      return err({ reason: 'address', detail: `key ${key.id} from ${address ?? 'nowhere'}` });
    }
    this.#used(key.id, now);
    return accepted;
  }
}

function unavailable(error: unknown): Verdict {
  return err({ reason: 'unavailable', detail: (error as ChatelaineError).message });
}

/** Frozen, since all requests with this key share it. */
function toProved({ key, agentRoles, groups, given }: StoredKey, declared: DeclaredBindings): ProvedKey {
  const agent = { id: key.agentId, name: key.agent, namespace: key.namespace, roles: agentRoles };
  const principal = agentPrincipal(agent, joinStanding(agent, groups, given, declared), {
    access: new Set(key.access),
    scopes: new Set(key.scopes),
    ...(key.allowedTools !== null && { allowedTools: new Set(key.allowedTools) }),
    via: Object.freeze({ method: 'api-key', keyId: key.id } as const),
  });
  return { key, accepted: ok(principal), ranges: key.allowedCidrs?.map(keyRange) };
}
