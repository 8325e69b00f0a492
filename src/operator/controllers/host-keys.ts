/** The keys that all processes of one PostgreSQL share (`--host-keys`): made once, and never again. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Family, hostKeysName, hostKeysSecret, type OwningKind } from '../plan/index.ts';
import type { Known } from '../references/index.ts';
import type { Keys } from './keys.ts';

/** The name of the Secret that holds them. */
export async function keepHostKeys(
  known: Known<'MCPAuthServer'> | Known<'MCPGateway'>,
  keys: Keys,
  signal: AbortSignal,
): Promise<string> {
  const { kind, name } = known;
  const family = new Family(kind satisfies OwningKind, { metadata: known, spec: known.spec });
  const { privateKey } = generateKeyPairSync('ed25519');
  const made = {
    vault: `${randomBytes(32).toString('base64')}\n`,
    signing: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    digest: randomBytes(32),
  };
  await keys.once(hostKeysSecret(family, kind === 'MCPAuthServer' ? 'authserver' : 'proxy', made), signal);
  return hostKeysName(name);
}
