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

const NAME = 'cursors';
/** Of no namespace: none has this name. */
const SCOPE = { kind: 'namespace', id: '*' } as const;

/**
 * The key that signs cursors, the same for every process on the database: behind a balancer the second page
 * is another host's to answer. Made once, from `first` of whichever process is first, and kept sealed.
 * Throws as the database and the vault do.
 */
export async function readCursorKey(database: Database, sealer: SecretSealer, first: () => Buffer): Promise<Buffer> {
  const place = apiSecretPlace(NAME);
  const open = async (text: string): Promise<Buffer> =>
    Buffer.from(reveal(await sealer.open(place, text)), 'base64url');
  const kept = await findApiSecret(database.db, NAME);
  if (kept !== undefined) return await open(kept);
  await sealer.writing(SCOPE, async (trx, sealing) => {
    if ((await findApiSecret(trx, NAME)) !== undefined) return;
    const { text, keyId } = await sealing.seal(place, new Secret(first().toString('base64url')));
    await insertApiSecret(trx, { name: NAME, value: text, keyId });
  });
  const made = await findApiSecret(database.db, NAME);
  if (made === undefined) throw new Error('the key of cursors that was just made is gone');
  return await open(made);
}
