/** `storage` of a resource as `database` and `counters` of `kind: server`, and where these are reached. */
import type { V1NetworkPolicyEgressRule } from '@kubernetes/client-node';
import type { AuthServerStorage } from '#contract/kubernetes';
import type { DocumentValue } from './configuration-text.ts';
import type { Mounts } from './mounts.ts';
import { toHost } from './network.ts';

export function storageFields(
  storage: AuthServerStorage,
  mounts: Mounts,
  replicas: number,
): { readonly [field: string]: DocumentValue } {
  if (storage.type === 'sqlite') return { database: { type: 'sqlite' } };
  const { counters, migration, passwordSecretRef, tls, ...rest } = storage;
  const at = 'spec.storage';
  return {
    database: {
      ...rest,
      password: passwordSecretRef && mounts.secretUrl(passwordSecretRef, `${at}.passwordSecretRef`),
      tls: tls && {
        ca: tls.caBundleRef && mounts.configMap(tls.caBundleRef),
        cert:
          tls.certificateRef && mounts.secret({ ...tls.certificateRef, key: 'tls.crt' }, `${at}.tls.certificateRef`),
        key: tls.certificateRef && mounts.secret({ ...tls.certificateRef, key: 'tls.key' }, `${at}.tls.certificateRef`),
        serverName: tls.serverName,
      },
      migration: migration && {
        user: migration.user,
        password:
          migration.passwordSecretRef &&
          mounts.secretUrl(migration.passwordSecretRef, `${at}.migration.passwordSecretRef`),
      },
    },
    ...(counters !== undefined && { counters: countersOf(counters, mounts, replicas) }),
  };
}

type Counters = NonNullable<Extract<AuthServerStorage, { type: 'postgres' }>['counters']>;

function countersOf({ passwordSecretRef, tls, ...rest }: Counters, mounts: Mounts, replicas: number): DocumentValue {
  return {
    ...{ type: 'redis', ...rest, replicas: Math.max(1, replicas) },
    password: passwordSecretRef && mounts.secretUrl(passwordSecretRef, 'spec.storage.counters.passwordSecretRef'),
    tls: { mode: 'verify-full', ca: tls.caBundleRef && mounts.configMap(tls.caBundleRef), serverName: tls.serverName },
  };
}

/** Whether one pod alone has the state, on a volume. */
export const isAlone = ({ type }: AuthServerStorage): boolean => type === 'sqlite';

export function toStorage(storage: AuthServerStorage, namespace: string): readonly V1NetworkPolicyEgressRule[] {
  if (storage.type === 'sqlite') return [];
  const { host, port, counters } = storage;
  return [
    toHost(host, port, namespace),
    ...(counters === undefined ? [] : [toHost(counters.host, counters.port, namespace)]),
  ];
}
