import type { KeyRotation, KeyTimes, SigningKeys } from '#authserver';
import type { AuthorizationServerSettings, SecretReader } from '#contract';
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

/** A sealed column of a module that is loaded late, loaded when a data key is rotated: a server that only serves tools loads none of it. */
export const lateColumn = (column: () => Promise<SealedColumn>): SealedColumn => ({
  sealedWith: async (...asked) => (await column()).sealedWith(...asked),
  replace: async (...asked) => (await column()).replace(...asked),
});

export const lateSigningKeyColumn = lateColumn(async () => (await authserver()).signingKeyColumn);
export const lateGrantTokensColumn = lateColumn(async () => (await authserver()).grantTokensColumn);
export const lateUpstreamClientsColumn = lateColumn(async () => (await authserver()).upstreamClientsColumn);

/** The signing keys, opened by the first who asks and once a process. */
export function lateSigning(parts: {
  readonly frame: ChangeFrame;
  readonly envelope: Vault['envelope'];
  readonly log: Logger;
  readonly settings: Pick<AuthorizationServerSettings, 'lifetimes' | 'signingKeys'>;
  /** For keys that lie in the vault as secrets. */
  readonly secrets: SecretReader;
}): () => Promise<Signing> {
  let opening: Promise<Signing> | undefined;
  return () =>
    (opening ??= authserver().then(({ KEY_TIMES, KeyRotation, readConfiguredKeys, SigningKeys }) => {
      const { settings, secrets, ...frame } = parts;
      const times = { ...KEY_TIMES, longestTokenMs: settings.lifetimes.accessToken };
      const { signingKeys } = settings;
      const given = { ...frame, times };
      const keys =
        signingKeys === undefined
          ? new SigningKeys(given)
          : new SigningKeys({ ...given, configured: () => readConfiguredKeys(signingKeys, secrets) });
      const rotation = new KeyRotation({ ...given, configured: signingKeys !== undefined });
      return { keys, rotation, times };
    }));
}
