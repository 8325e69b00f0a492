/** The Secret with the keys that all pods of one PostgreSQL share. Whoever makes it does so once, and never again. */
import type { V1Secret } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { planned, type Component, type Family } from './metadata.ts';

/** The keys of the Secret: names of the files in the folder of `--host-keys`. */
export const HOST_KEYS = { vault: 'vault.key', signing: 'audit-signing.key', digest: 'audit-digest.key' } as const;

/** What is in it, as bytes of the files. */
export interface HostKeys {
  /** 32 random bytes in base64, a line. */
  readonly vault: string;
  /** An Ed25519 private key, PKCS #8 in PEM. */
  readonly signing: string;
  /** 32 random bytes. */
  readonly digest: Uint8Array;
}

export const hostKeysName = (name: string): string => `${name}-host-keys`;

export function hostKeysSecret(family: Family, component: Component, keys: HostKeys): KubernetesObject {
  const object: V1Secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', immutable: true },
    metadata: family.metadata(hostKeysName(family.name), component),
    data: {
      [HOST_KEYS.vault]: Buffer.from(keys.vault).toString('base64'),
      [HOST_KEYS.signing]: Buffer.from(keys.signing).toString('base64'),
      [HOST_KEYS.digest]: Buffer.from(keys.digest).toString('base64'),
    },
  };
  return planned(object);
}
