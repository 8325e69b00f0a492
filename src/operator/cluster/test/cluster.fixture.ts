/** An API server for tests with a connection to it, and some objects to have in it. */
import { silentLogger, steadyClock } from '#kernel';
import { type ApiServer, startApiServer } from '../../../../test/kubernetes/api-server/index.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { ObjectStore, Reflector, type ObjectChange, type ReflectorOptions } from '../cache/index.ts';
import { ApiConnection, directAccess } from '../connection/index.ts';
import type { ClusterObserver } from '../metrics/index.ts';
import { CONFIG_MAPS } from '../resources.ts';
import { systemTimers } from '../timers.ts';

export interface TestCluster extends AsyncDisposable {
  readonly api: ApiServer;
  readonly connection: ApiConnection;
}

export async function startCluster(observer?: ClusterObserver): Promise<TestCluster> {
  const api = await startApiServer();
  const connection = new ApiConnection(directAccess({ url: api.url }), observer === undefined ? {} : { observer });
  return {
    api,
    connection,
    async [Symbol.asyncDispose]() {
      connection.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

export const configMap = (
  name: string,
  data: Record<string, string> = {},
  namespace = 'default',
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

export const somebody = { fieldManager: 'somebody' } as const;

/** Somebody else's write, whatever is there. */
export const write = (
  connection: ApiConnection,
  name: string,
  data: Record<string, string>,
): Promise<KubernetesObject> => connection.apply(CONFIG_MAPS, configMap(name, data), { ...somebody, force: true });

export interface Following extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly reflector: Reflector;
  readonly changes: ObjectChange[];
  /** `type name`, in order. */
  seen(): readonly string[];
}

/** Follows the ConfigMaps of `default`, with pauses that a test can wait for. */
export function follow(connection: ApiConnection, given: Partial<ReflectorOptions> = {}): Following {
  const changes: ObjectChange[] = [];
  const store = given.store ?? new ObjectStore({ failed: () => undefined });
  store.subscribe((change) => changes.push(change));
  const reflector = new Reflector({
    ...{ connection, resource: CONFIG_MAPS, scope: { namespace: 'default' } },
    ...{ clock: steadyClock, timers: systemTimers, random: Math.random, log: silentLogger },
    backoff: { firstMs: 5, mostMs: 50 },
    ...given,
    store,
  });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  return {
    ...{ store, reflector, changes },
    seen: () => changes.map(({ type, object }) => `${type} ${object.metadata.name}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
