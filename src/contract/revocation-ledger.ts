import { z } from 'zod';

/**
 * What a restore must not bring back. Words that end something stand beside the word that takes it back,
 * where there is one; of those about one object the last holds.
 */
export const REVOCATIONS = [
  'key.revoked',
  'agent.disabled',
  'agent.enabled',
  'user.disabled',
  'user.enabled',
  'session.ended',
  'client.disabled',
  'client.enabled',
  'grant.revoked',
  'secret.disabled',
  'secret.enabled',
  'secret.deleted',
  'subject.erased',
] as const;

export const revocation = z.strictObject({
  what: z.enum(REVOCATIONS),
  /** Of the key, agent, user, session, client, grant or secret; of a subject its identifier. */
  id: z.string().min(1).max(512),
});
export type Revocation = Readonly<z.output<typeof revocation>>;

/**
 * The port to the record of revocations and erasures that lies outside the database and its backups.
 *
 * Whoever ends something appends first and then changes the database: a crash between the two leaves
 * an entry too many, and a restore then ends what nobody was told had ended. Whoever takes an end back
 * (`…enabled`) changes the database first, for the same reason.
 */
export interface RevocationLedger {
  /** Resolves when the entry is on stable storage; rejects, and then the change must be refused. */
  append(entry: Revocation): Promise<void>;
}

/** For state that no backup is made of, as in tests: what is written is forgotten. */
export const forgetfulLedger: RevocationLedger = { append: async () => {} };
