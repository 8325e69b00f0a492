/**
 * The data directory of a pod, its configuration, and how the command is told of both. On SQLite the directory is on a
 * volume; with PostgreSQL it goes with the pod, and the keys that all pods must have come from a Secret.
 */
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { AuthServerStorage } from '#contract/kubernetes';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { PlanFault } from '../plan.ts';
import { HOST_KEYS } from './host-keys.ts';
import type { Component, Family } from './metadata.ts';
import { SECRET_MODE } from './mounts.ts';
import { childName, PLACES } from './names.ts';
import { volumeClaim } from './workload.ts';

const HOST_KEYS_PLACE = '/etc/chatelaine/host-keys';

/** ConfigMaps whose keys are the files of the configuration, by their names. */
type ConfigMaps = Readonly<Record<string, readonly string[]>>;

export interface State {
  readonly args: readonly string[];
  readonly objects: readonly KubernetesObject[];
  readonly volumes: (config: ConfigMaps) => readonly V1Volume[];
  readonly volumeMounts: readonly V1VolumeMount[];
  readonly faults: readonly PlanFault[];
}

export function stateOf(
  family: Family,
  component: Component,
  { storage, hostKeys }: { readonly storage: AuthServerStorage; readonly hostKeys?: string | undefined },
): State {
  const isSqlite = storage.type === 'sqlite';
  const claim = childName.data(family.name);
  const keys = isSqlite ? undefined : hostKeys;
  const data: V1Volume = isSqlite
    ? { name: 'data', persistentVolumeClaim: { claimName: claim } }
    : { name: 'data', emptyDir: { sizeLimit: '1Gi' } };
  return {
    args: [
      ...['--config-folder', PLACES.config, '--data-dir', PLACES.data],
      ...(keys === undefined ? [] : ['--host-keys', HOST_KEYS_PLACE]),
    ],
    objects: isSqlite ? [volumeClaim(family, claim, component, storage.volume)] : [],
    volumes: (config) => [configurationVolume(config), data, ...(keys === undefined ? [] : [hostKeysVolume(keys)])],
    volumeMounts: [
      { name: 'config', mountPath: PLACES.config, readOnly: true },
      { name: 'data', mountPath: PLACES.volume },
      ...(keys === undefined ? [] : [{ name: 'host-keys', mountPath: HOST_KEYS_PLACE, readOnly: true }]),
    ],
    faults:
      isSqlite || keys !== undefined
        ? []
        : [{ path: 'spec.storage', message: 'the keys that all pods on one PostgreSQL share are not there yet' }],
  };
}

/** All files of one moment: kubelets swap a projected volume whole. */
const configurationVolume = (config: ConfigMaps): V1Volume => ({
  name: 'config',
  projected: {
    defaultMode: 0o444,
    sources: Object.entries(config).map(([name, keys]) => ({
      configMap: { name, items: keys.map((key) => ({ key, path: key })) },
    })),
  },
});

const hostKeysVolume = (secretName: string): V1Volume => ({
  name: 'host-keys',
  secret: {
    secretName,
    defaultMode: SECRET_MODE,
    items: Object.values(HOST_KEYS).map((key) => ({ key, path: key })),
  },
});
