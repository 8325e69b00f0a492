import { z } from 'zod';

/**
 * What a restore must not bring back. Words that end something stand beside the word that takes it back,
 * where there is one; of those about one object the last holds.
 */
export const REVOCATIONS = [
  'key.revoked',
  'key.replaced',
  'agent.disabled',
  'agent.enabled',
  'user.disabled',
  'user.enabled',
  'namespace.disabled',
  'namespace.enabled',
  'binding.removed',
  'membership.removed',
  'membership.added',
  'group.deleted',
  'credential.changed',
  'session.ended',
  'client.disabled',
  'client.enabled',
  'client.changed',
  'client.deleted',
  'signing-key.retired',
  'signing-key.dropped',
  'grant.revoked',
  'secret.disabled',
  'secret.enabled',
  'secret.deleted',
  'subject.erased',
] as const;

export const revocation = z.strictObject({
  what: z.enum(REVOCATIONS),
  /**
   * Of the key, agent, user, binding, group, session, client, grant or secret; the name of a namespace; of a
   * subject its identifier; of a membership what `membershipId` makes; of a signing key its `kid`.
   */
  id: z.string().min(1).max(2048),
  /**
   * From when on it holds, in milliseconds, where that is not the moment of the entry: of a replaced key
   * when its grace ends; of a person's credentials and of a client's registration when they changed, earlier
   * ones being over; of a signing key when it signed for the last time.
   */
  holdsFrom: z.int().nonnegative().optional(),
});
export type Revocation = Readonly<z.output<typeof revocation>>;

/** The id of a membership. */
export const membershipId = (groupId: string, member: { readonly kind: string; readonly id: string }): string =>
  `${groupId} ${member.kind} ${member.id}`;

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
