import type { Database } from '#db';
import type { SecretReference } from '#contract';
import { loadSecret } from '../store/secrets-store.ts';
import { endOf } from './manifest.ts';

export type SecretStanding = 'usable' | 'unknown' | 'disabled' | 'ended';

/**
 * What the rows say about a secret, without a key and without its value: so that a configuration can be
 * checked before a server starts. It decides nothing; reading does, which believes no row.
 */
export async function secretStanding(
  database: Database,
  reference: SecretReference,
  now: number,
): Promise<SecretStanding> {
  const loaded = await loadSecret(database.db, reference.namespace, reference.name);
  if (loaded === undefined) return 'unknown';
  if (loaded.secret.state === 'disabled') return 'disabled';
  const latest = loaded.versions.at(-1);
  const { version = latest?.version ?? 0 } = reference;
  if (version > (latest?.version ?? 0)) return 'unknown';
  const found = loaded.versions.find((row) => row.version === version);
  return found === undefined || endOf(found) <= now ? 'ended' : 'usable';
}
