import { randomBytes } from 'node:crypto';
import { reveal, Secret } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { apiSecretPlace, findApiSecret, insertApiSecret } from './store/api-secrets-store.ts';

/** Where a sealed text lies, as the vault binds it. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly owner: string;
}

/** The port to the vault's envelope, as much of it as one secret of the installation takes. */
export interface SecretSealer {
  writing<Value>(
    scope: { readonly kind: 'namespace'; readonly id: string },
    work: (
      trx: DatabaseOrTransaction,
      sealing: {
        seal(place: SealedPlace, plaintext: Secret): Promise<{ readonly text: string; readonly keyId: string }>;
      },
    ) => Promise<Value>,
  ): Promise<Value>;
  open(place: SealedPlace, text: string): Promise<Secret>;
}

/** Of no namespace: none has this name. */
const SCOPE = { kind: 'namespace', id: '*' } as const;

/**
 * A secret of the installation, the same for every process on the database, by its name: what one host signed
 * or sealed is another's to read. Made once, from `first` of whichever process is first, and kept sealed.
 * Throws as the database and the vault do.
 */
export async function readInstallationSecret(
  { database, sealer }: { readonly database: Database; readonly sealer: SecretSealer },
  name: string,
  first: () => Buffer,
): Promise<Buffer> {
  const place = apiSecretPlace(name);
  const open = async (text: string): Promise<Buffer> =>
    Buffer.from(reveal(await sealer.open(place, text)), 'base64url');
  const kept = await findApiSecret(database.db, name);
  if (kept !== undefined) return await open(kept);
  await sealer.writing(SCOPE, async (trx, sealing) => {
    if ((await findApiSecret(trx, name)) !== undefined) return;
    const { text, keyId } = await sealing.seal(place, new Secret(first().toString('base64url')));
    await insertApiSecret(trx, { name, value: text, keyId });
  });
  const made = await findApiSecret(database.db, name);
  if (made === undefined) throw new Error(`the secret \`${name}\` that was just made is gone`);
  return await open(made);
}

/** The key that signs cursors: behind a balancer the second page is another host's to answer. */
export const readCursorKey = (database: Database, sealer: SecretSealer, first: () => Buffer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'cursors', first);

/** What nonces of DPoP proofs are derived from: one that the authorization server gave is known at every door. */
export const readNonceSecret = (database: Database, sealer: SecretSealer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'dpop nonces', () => randomBytes(32));

/** What masked values are digested with: equal values look equal whichever host answered. */
export const readMaskKey = (database: Database, sealer: SecretSealer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'masked values', () => randomBytes(32));

/** What approvals of calls are bound with: a grant of one host is known to every other, and guessed from no digest. */
export const readApprovalKey = (database: Database, sealer: SecretSealer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'approvals', () => randomBytes(32));

/** What seals the state of calls in several rounds: the next round is any host's to read. */
export const readRoundsKey = (database: Database, sealer: SecretSealer, first: () => Buffer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'rounds', first);

/** What replicas know each other by, and requests that one hands to another. */
export const readReplicaKey = (database: Database, sealer: SecretSealer): Promise<Buffer> =>
  readInstallationSecret({ database, sealer }, 'replicas', () => randomBytes(32));
