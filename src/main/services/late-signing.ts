import type { KeyRotation, KeyTimes, SigningKeys } from '#authserver';
import type { ChangeFrame } from '#identity';
import type { Logger } from '#kernel';
import type { SealedColumn, Vault } from '#vault';

/** What tokens are signed with, and how that is rotated. */
export interface Signing {
  readonly keys: SigningKeys;
  readonly rotation: KeyRotation;
  readonly times: KeyTimes;
}

const authserver = () => import('#authserver');

/** A sealed column of the authorization server, loaded when a data key is rotated: a server that only serves tools loads none of it. */
const lateColumn = (column: () => Promise<SealedColumn>): SealedColumn => ({
  sealedWith: async (...asked) => (await column()).sealedWith(...asked),
  replace: async (...asked) => (await column()).replace(...asked),
});

export const lateSigningKeyColumn = lateColumn(async () => (await authserver()).signingKeyColumn);
export const lateGrantTokensColumn = lateColumn(async () => (await authserver()).grantTokensColumn);

/** The signing keys, opened by the first who asks and once a process. */
export function lateSigning(parts: {
  readonly frame: ChangeFrame;
  readonly envelope: Vault['envelope'];
  readonly log: Logger;
}): () => Promise<Signing> {
  let opening: Promise<Signing> | undefined;
  return () =>
    (opening ??= authserver().then(({ KEY_TIMES: times, KeyRotation, SigningKeys }) => {
      const given = { ...parts, times };
      return { keys: new SigningKeys(given), rotation: new KeyRotation(given), times };
    }));
}
