import type { Secret } from '#kernel';
import type { DatabaseOrTransaction } from '#db';
import type { Place } from '../envelope/place.ts';
import { vaultError } from '../errors.ts';
import { loadSecret, type LoadedSecret, type StoredSecret } from '../store/secrets-store.ts';
import type { Look } from './generation-watch.ts';
import { checkedManifest, manifestPlace, type Manifest } from './manifest.ts';
import type { SecretName } from './secret-facts.ts';

/** A secret whose rows are what its manifest says, and not older than what was seen before. */
export interface CheckedSecret {
  readonly loaded: LoadedSecret;
  readonly manifest: Manifest;
}

/**
 * Loads a secret and checks it; undefined where there is none, or where `admit` says no, which is
 * asked before anything is decrypted. Throws `SEALED_DATA_ALTERED`, and as `open` does.
 */
export async function loadChecked(
  from: {
    readonly db: DatabaseOrTransaction;
    readonly open: (place: Place, text: string) => Promise<Secret>;
    readonly look: Look;
  },
  name: SecretName,
  admit: (secret: StoredSecret) => boolean | Promise<boolean> = () => true,
): Promise<CheckedSecret | undefined> {
  const loaded = await loadSecret(from.db, name.namespace, name.name);
  if (loaded === undefined || !(await admit(loaded.secret))) return undefined;
  const manifest = checkedManifest(await from.open(manifestPlace(loaded.secret), loaded.secret.manifest), loaded);
  if (!from.look.note(loaded.secret.id, manifest.generation)) {
    const which = `the secret \`${name.namespace}/${name.name}\``;
    throw vaultError('SEALED_DATA_ALTERED', `the rows of ${which} were set back to an older state`);
  }
  return { loaded, manifest };
}
