import type { Secret } from '#kernel';
import type { DatabaseOrTransaction } from '#db';
import type { Place } from '../envelope/place.ts';
import { vaultError } from '../errors.ts';
import { loadSecret, type LoadedSecret, type StoredSecret } from '../store/secrets-store.ts';
import type { GenerationWatch } from './generation-watch.ts';
import { checkedManifest, manifestPlace, type Manifest } from './manifest.ts';
import type { SecretName } from './secret-facts.ts';

/** A secret whose rows are what its manifest says, and not older than what was seen before. */
export interface CheckedSecret {
  readonly loaded: LoadedSecret;
  readonly manifest: Manifest;
}

/**
 * Loads a secret and checks it; undefined where there is none, or where `admit` says no, which is
 * asked before anything is decrypted. Throws `SetBack`, `SEALED_DATA_ALTERED`, and as `open` does.
 */
export async function loadChecked(
  from: {
    readonly db: DatabaseOrTransaction;
    readonly open: (place: Place, text: string) => Promise<Secret>;
    readonly watch: GenerationWatch;
  },
  name: SecretName,
  admit: (secret: StoredSecret) => boolean | Promise<boolean> = () => true,
): Promise<CheckedSecret | undefined> {
  const loaded = await loadSecret(from.db, name.namespace, name.name);
  if (loaded === undefined || !(await admit(loaded.secret))) return undefined;
  const manifest = checkedManifest(await from.open(manifestPlace(loaded.secret), loaded.secret.manifest), loaded);
  if (!from.watch.note(loaded.secret.id, manifest.generation)) throw new SetBack();
  return { loaded, manifest };
}

/** A secret was found in an older state than it was seen in before. */
class SetBack extends Error {}

/**
 * Runs what loads a secret, and once more when that found it set back: a change that somebody committed
 * between the read and the look at the watch is no rollback, and then it is seen. Throws
 * `SEALED_DATA_ALTERED` when it is one.
 */
export async function believingTwice<Value>(name: SecretName, work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SetBack)) throw error;
      if (attempt === 1) continue;
      const which = `the secret \`${name.namespace}/${name.name}\``;
      throw vaultError('SEALED_DATA_ALTERED', `the rows of ${which} were set back to an older state`);
    }
  }
}
