import type { Database } from '#db';
import { sha256Hex, type Clock } from '#kernel';
import { forgetProofs, noteProof } from '../store/used-proofs-store.ts';
import { WINDOW_MS, type Proof } from './dpop-proof.ts';

/** From the newest that a proof may be to the oldest: longer than any proof counts, those with a nonce too. */
const KEPT_MS = 2 * WINDOW_MS + 60_000;
const FORGOTTEN_EVERY = 256;

/**
 * Proofs that were used, in the database: a proof counts once, in whatever process of whatever host it comes
 * again, and after a restart. Bounded, since only those who hold a valid token add to it, and each is forgotten
 * when no proof of its time counts any more.
 */
export class UsedProofs {
  readonly #database: Database;
  readonly #clock: Clock;
  #noted = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Uses a proof; false where that was done before. Rejects as the database does. */
  async use({ jkt, jti }: Proof): Promise<boolean> {
    const { db } = this.#database;
    const now = this.#clock.now();
    // Not the text of the proof: a signature can be written in two ways, and either would be another text.
    const isNew = await noteProof(db, sha256Hex(JSON.stringify([jkt, jti])), now + KEPT_MS);
    if (++this.#noted % FORGOTTEN_EVERY === 0) await forgetProofs(db, now);
    return isNew;
  }
}
