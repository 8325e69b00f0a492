import { newId, reveal, type Clock, type Secret } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database } from '#db';
import { subjectScope, type Envelope } from '#vault';
import { noteCredentialChange } from '../credential-change.ts';
import type { Person } from '../sign-in/people.ts';
import {
  beginSeed,
  confirmSeed,
  findBegunSeed,
  findSeed,
  removeSeed,
  seedPlace,
  useStep,
  type StoredSeed,
} from '../store/totp-store.ts';
import { matchingStep, newSeed, otpauthUri, parseCode } from './totp.ts';

/** What a person needs to set the app up: to scan, and to type where nothing can be scanned. */
export interface Enrolment {
  readonly uri: Secret;
  readonly seed: Secret;
}

const ISSUER = 'Chatelaine';
/** As long as a session may wait for its second factor. */
const ENROLMENT_MS = 15 * 60_000;

/**
 * Authenticator apps: their seeds are sealed under the person's subject key, so an erasure destroys them,
 * and each code counts once, in whatever process.
 */
export class AuthenticatorApps {
  readonly #database: Database;
  readonly #envelope: Envelope;
  readonly #clock: Clock;
  readonly #ledger: RevocationLedger;

  constructor(parts: {
    readonly database: Database;
    readonly envelope: Envelope;
    readonly clock: Clock;
    readonly ledger: RevocationLedger;
  }) {
    this.#database = parts.database;
    this.#envelope = parts.envelope;
    this.#clock = parts.clock;
    this.#ledger = parts.ledger;
  }

  async has(userId: string): Promise<boolean> {
    return (await findSeed(this.#database.db, userId)) !== undefined;
  }

  /**
   * Begins an enrolment with a new seed; it counts once `confirm` has seen a code. It belongs to the session:
   * somebody else in another one, with the password alone, must not read what is being scanned.
   */
  async begin(person: Pick<Person, 'id' | 'name'>, sessionId: string): Promise<Enrolment> {
    const now = this.#clock.now();
    const [id, seed] = [newId(now), newSeed()];
    await this.#envelope.writing(subjectScope(person.id), async (trx, sealing) => {
      const { text, keyId } = await sealing.seal(seedPlace(id, person.id), seed);
      await beginSeed(trx, { id, userId: person.id, sessionId, seed: text, keyId, now });
    });
    return enrolment(seed, person);
  }

  /** The enrolment under way in that session: a page that is shown again shows the same code. */
  async begun(person: Pick<Person, 'id' | 'name'>, sessionId: string): Promise<Enrolment | undefined> {
    const stored = await this.#findBegun(person.id, sessionId);
    if (stored === undefined) return undefined;
    return enrolment(await this.#envelope.open(seedPlace(stored.id, person.id), stored.seed), person);
  }

  /**
   * Ends the enrolment of that session with a code of the app, which takes the place of an earlier one; false
   * when the code is not right, or nothing was begun. The code is used up. `before` runs between the two.
   */
  async confirm(userId: string, sessionId: string, typed: string, before: () => Promise<void>): Promise<boolean> {
    const stored = await this.#findBegun(userId, sessionId);
    const code = parseCode(typed);
    if (stored === undefined || code === undefined) return false;
    const now = this.#clock.now();
    const seed = await this.#envelope.open(seedPlace(stored.id, userId), stored.seed);
    const step = matchingStep(seed, code, now, stored.lastStep);
    if (step === undefined) return false;
    await before();
    return await this.#database.transaction(async (trx) => {
      const replaces = (await findSeed(trx, userId)) !== undefined;
      const confirmed = await confirmSeed(trx, stored, step, now);
      if (confirmed && replaces) await noteCredentialChange(trx, this.#ledger, userId, now);
      return confirmed;
    });
  }

  /**
   * Whether the code is right and was not used before. Two processes may both find it right; the row
   * lets one of them move the last step, so it counts once (RFC 6238 §5.2; CVE-2025-6014).
   */
  async accept(userId: string, typed: string): Promise<boolean> {
    const stored = await findSeed(this.#database.db, userId);
    const code = parseCode(typed);
    if (stored === undefined || code === undefined) return false;
    const seed = await this.#envelope.open(seedPlace(stored.id, userId), stored.seed);
    const step = matchingStep(seed, code, this.#clock.now(), stored.lastStep);
    return step !== undefined && (await useStep(this.#database.db, stored.id, step));
  }

  /** Removes the app of the person; false when there is none. */
  remove(userId: string): Promise<boolean> {
    return this.#database.transaction(async (trx) => {
      const removed = await removeSeed(trx, userId);
      if (removed) await noteCredentialChange(trx, this.#ledger, userId, this.#clock.now());
      return removed;
    });
  }

  #findBegun(userId: string, sessionId: string): Promise<StoredSeed | undefined> {
    return findBegunSeed(this.#database.db, { userId, sessionId, since: this.#clock.now() - ENROLMENT_MS });
  }
}

const enrolment = (seed: Secret, { name }: Pick<Person, 'name'>): Enrolment => ({
  uri: otpauthUri(seed, ISSUER, name),
  seed,
});

/** The seed in groups of four, as one reads it out. */
export const spelled = (seed: Secret): string => (reveal(seed).match(/.{1,4}/g) ?? []).join(' ');
