/** The operator as one process: caches, one queue a kind, one leader among several, the webhook. */
import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import { steadyClock, systemClock, type Clock, type Logger } from '#kernel';
import { loadCertificateAuthority } from '#tls';
import {
  ApiConnection,
  Applier,
  Elector,
  EventRecorder,
  FIELD_MANAGER,
  keyOf,
  lateObserver,
  pause,
  registerClusterMetrics,
  resourceCatalogue,
  silentObserver,
  systemTimers,
  WorkQueue,
  type ApiAccess,
  type ElectionEnd,
  type ElectionTimes,
  type ObjectChange,
} from '../cluster/index.ts';
import type { CustomResourceKind } from '#contract/kubernetes';
import { OPERATOR } from '../rights/index.ts';
import { authServerController } from './auth-server.ts';
import type { Controller, ControllerParts } from './controller.ts';
import { Followers } from './followers.ts';
import { Keys } from './keys.ts';
import { CHILD_RESOURCES, isOurKind, KINDS, OPTIONAL_RESOURCES, OUR_RESOURCES } from './kinds.ts';
import { knownObject } from './known.ts';
import { gatewayController } from './mcp-gateway.ts';
import { serverController } from './mcp-server.ts';
import { Reconciler } from './reconciler.ts';
import { externalAuthConfigController, groupController } from './referred.ts';
import { related, relatedToOther, type Concerned } from './related.ts';
import { Webhook } from './webhook.ts';
import { World } from './world.ts';

export interface OperatorOptions {
  readonly access: ApiAccess;
  /** The image of pods where no object names one. */
  readonly image: string;
  /** The namespaces that are looked after; none: all. */
  readonly namespaces: readonly string[];
  /** The namespace of the operator, with its Lease. */
  readonly home: string;
  /** Its service account, `namespace:name`. */
  readonly account: string;
  /** What people know this process by, such as the name of its pod. */
  readonly instance: string;
  readonly requireDigests: boolean;
  readonly webhook: { readonly host: string; readonly port: number } | undefined;
  readonly log: Logger;
  readonly metrics?: Registry | undefined;
  /** Objects of one kind that are worked on at once. */
  readonly workers?: number;
  readonly wallClock?: Clock;
  readonly election?: ElectionTimes;
}

export interface RunningOperator {
  /** Everything is known that there is, and the webhook answers where there is to be one. */
  readonly isReady: boolean;
  readonly isLeader: boolean;
  readonly webhookPort: number | undefined;
  /** `lost`: the Lease is somebody else's, and this process must end. */
  readonly ended: Promise<ElectionEnd>;
  /** Lets what runs end, and gives the Lease up. */
  stop(): Promise<void>;
}

const WORKERS = 4;
/** What is not installed may be, later. */
const LOOK_FOR_MORE_MS = 60_000;

export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const { access, log, home, namespaces, wallClock = systemClock } = options;
  const stopping = new AbortController();
  const over = new AbortController();
  const gauges: { read?: Parameters<typeof registerClusterMetrics>[1] } = {};
  const observer =
    options.metrics === undefined
      ? silentObserver
      : lateObserver(
          registerClusterMetrics(options.metrics, {
            isLeader: () => gauges.read?.isLeader() ?? false,
            staleness: () => gauges.read?.staleness() ?? [],
            depths: () => gauges.read?.depths() ?? [],
          }),
        );
  const connection = new ApiConnection(access, { observer });
  const identity = `${options.instance}_${randomBytes(8).toString('hex')}`;
  const time = { clock: steadyClock, timers: systemTimers, random: Math.random };

  const followers = new Followers({ connection, namespaces, log, observer, ...time }, over.signal);
  const all = [...KINDS.map((kind) => OUR_RESOURCES[kind]), ...CHILD_RESOURCES];
  const followed = all.map((resource) => ({ resource, ...followers.follow(resource) }));
  const world = new World(followed.map(({ resource, reader }) => [resource, reader] as const));

  const events = new EventRecorder({
    ...{ connection, wallClock, log, observer, clock: steadyClock, timers: systemTimers },
    ...{ reporter: { controller: OPERATOR, instance: identity }, newId: () => randomBytes(8).toString('hex') },
  });
  const keys = new Keys({ connection, ca: await loadCertificateAuthority(), wallClock, account: options.account });
  const queues = new Map<CustomResourceKind, WorkQueue>();
  const wake = (concerned: readonly Concerned[]): void => {
    for (const { kind, ...name } of concerned) queues.get(kind)?.add(keyOf(name));
  };
  const parts: ControllerParts = {
    ...{ world, keys, connection, log, wake, requireDigests: options.requireDigests },
    applier: new Applier({ connection, resourceOf: resourceCatalogue(Object.values(OUR_RESOURCES)) }),
    operator: { image: options.image },
  };
  function queueOf<Kind extends CustomResourceKind>(controller: Controller<Kind>): void {
    const reconciler = new Reconciler(controller, parts, events);
    const queue = new WorkQueue({
      ...{ name: controller.kind, workers: options.workers ?? WORKERS, log, observer, ...time },
      work: async (key, signal) => {
        if (world.ours(controller.kind, key) === undefined) queue.forget(key);
        return await reconciler.reconcile(key, signal);
      },
    });
    queues.set(controller.kind, queue);
  }
  queueOf(authServerController);
  queueOf(serverController);
  queueOf(externalAuthConfigController);
  queueOf(groupController);
  queueOf(gatewayController);

  const changed = ({ object, previous }: ObjectChange): void => {
    for (const one of previous === undefined ? [object] : [object, previous]) {
      const { kind } = one;
      if (!isOurKind(kind) || one.apiVersion !== OUR_RESOURCES[kind].apiVersion)
        wake(relatedToOther(one, world.snapshot()));
      else {
        wake([{ kind, namespace: one.metadata.namespace ?? '', name: one.metadata.name }]);
        const known = knownObject(kind, one);
        // At the start everything is looked at anyhow.
        if (known.ok && followers.isSynced) wake(related(known.value, world.snapshot()));
      }
    }
  };
  for (const { reader } of followed) reader.subscribe(changed);

  const synced = Promise.all(followed.map(({ synced: one }) => one));
  synced.catch(() => undefined);
  const webhook =
    options.webhook &&
    new Webhook({
      connection,
      keys,
      home,
      ...options.webhook,
      timers: systemTimers,
      log,
      snapshot: () => synced.then(() => world.snapshot()),
    });
  const elector = new Elector({
    ...{ connection, identity, wallClock, log, ...time, fieldManager: FIELD_MANAGER },
    lease: { namespace: home, name: OPERATOR },
    ...(options.election !== undefined && { times: options.election }),
  });
  gauges.read = {
    isLeader: () => elector.isLeader,
    staleness: () => followers.staleness(),
    depths: () => Array.from(queues, ([queue, { depth }]) => ({ queue, depth })),
  };

  const missing = new Set(OPTIONAL_RESOURCES);
  /** Follows what comes with others and is installed by now, and has everybody look at what that makes possible. */
  async function lookForMore(signal: AbortSignal): Promise<void> {
    for (const resource of missing) {
      const isThere = await connection.list(resource, { limit: 1, namespace: namespaces[0], signal }).then(
        () => true,
        () => false,
      );
      if (!isThere || signal.aborted) continue;
      missing.delete(resource);
      const { reader, synced: isKnown } = followers.follow(resource);
      await isKnown.catch(() => undefined);
      world.add(resource, reader);
      reader.subscribe(changed);
      for (const kind of KINDS) for (const { metadata } of world.all(kind)) queues.get(kind)?.add(keyOf(metadata));
    }
  }

  async function goOnLooking(signal: AbortSignal): Promise<void> {
    while (missing.size > 0 && !signal.aborted) {
      await pause(systemTimers, LOOK_FOR_MORE_MS, signal);
      await lookForMore(signal);
    }
  }

  async function lead(leading: AbortSignal): Promise<void> {
    await synced;
    // Before anybody is told that something is not installed.
    await lookForMore(leading);
    const running = [...queues.values()].map((queue) => queue.run(leading, over.signal));
    await Promise.all([...running, goOnLooking(leading), webhook?.keep(leading)]);
  }

  const serving = Promise.all([webhook?.serve(over.signal), events.run(over.signal)]);
  async function run(): Promise<ElectionEnd> {
    try {
      return await elector.run(stopping.signal, lead);
    } finally {
      over.abort(new Error('the operator ends'));
      await Promise.all([serving, followers.ended()]);
      connection.close();
    }
  }
  const ended = run();
  ended.catch(() => undefined);
  return {
    get isReady() {
      return followers.isSynced && (webhook === undefined || webhook.port !== undefined);
    },
    get isLeader() {
      return elector.isLeader;
    },
    get webhookPort() {
      return webhook?.port;
    },
    ended,
    async stop() {
      stopping.abort(new Error('the operator is stopped'));
      await ended;
    },
  };
}
