import { BoundedCache, sha256 } from '#kernel';

/**
 * The port to the keys of people. What is sealed can be read as long as the subject's key exists;
 * erasing the subject destroys the key, and nothing in the log has to change. The adapter is the
 * vault's.
 */
export interface SubjectSealer {
  /**
   * The sealed text, bound to `place`, where alone it opens. At once where the subject's key is at
   * hand: every call waits for its record. `erased` when the subject has no key any more. Throws or
   * rejects when there is no telling; then the record cannot be made.
   */
  seal(subject: string, place: string, text: string): SealedFields | Promise<SealedFields>;

  /** The text again; `missing` where the keyring lacks its key. Rejects when the keys cannot be reached. */
  open(subject: string, place: string, sealed: string): Promise<OpenedFields>;
}

export type SealedFields = { readonly sealed: string } | 'erased';
export type OpenedFields = { readonly text: string } | 'erased' | 'altered' | 'missing';

const OURS = 'chatelaine';

/** Names that were worked out: every record of a call of somebody else's person needs one. */
const names = new BoundedCache<string, string>(2000);

/**
 * Whose key seals what is personal of an identity. Of our own users it is the user's id, as everywhere
 * else; of identities that others vouch for, one name for each pair of issuer and subject.
 */
export function subjectOf({ iss, sub }: { readonly iss: string; readonly sub: string }): string {
  if (iss === OURS) return sub;
  // With the length: no other issuer and subject make the same text.
  const key = `${iss.length} ${iss}${sub}`;
  let name = names.get(key);
  if (name === undefined) names.set(key, (name = `x-${sha256(JSON.stringify([iss, sub])).toString('base64url')}`));
  return name;
}
