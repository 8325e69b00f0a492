import { isIP } from 'node:net';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { ChatelaineError, reveal } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { SourceSecrets } from '../../secrets/index.ts';
import { tlsOptions } from '../tls-options.ts';
import type { Address, RedisConfig } from './config.ts';

export type Client = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 5000;
/** From the first packet until commands may be sent; a cluster is asked for its nodes meanwhile. */
const READY_TIMEOUT_MS = 10_000;

/** Where a client connects to, with the folder that relative paths of certificates start from. */
export interface Target {
  readonly config: RedisConfig;
  readonly directory: string;
  readonly secrets: SourceSecrets;
}

/**
 * A connected client. It never connects again by itself: commands must not wait in a queue for a
 * server that may come back, and none may be sent twice. Rejects with `SOURCE_UNREACHABLE`.
 */
export async function connect(target: Target): Promise<Client> {
  if (target.config.cluster === true) return connectCluster(target);
  const client = await connectFirst(target);
  if (target.config.cluster === false || !(await isClusterNode(client))) return client;
  client.disconnect();
  return connectCluster(target);
}

/** The addresses as people read them. */
export const named = ({ address }: RedisConfig): string =>
  address.map(({ host, port }) => `${host}:${port}`).join(', ');

async function connectFirst(target: Target): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const failures: unknown[] = [];
  for (const address of target.config.address) {
    const options = await optionsFor(target, address);
    try {
      return await opened(new Redis({ ...options, ...address, db: target.config.database, retryStrategy: () => null }));
    } catch (error) {
      failures.push(error);
    }
  }
  throw unreachable(target.config, failures[0]);
}

async function connectCluster(target: Target): Promise<Cluster> {
  const { Cluster } = await import('ioredis');
  const [first] = target.config.address;
  const redisOptions = await optionsFor(target, first as Address);
  const { tls } = redisOptions;
  const cluster = new Cluster([...target.config.address], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => null,
    redisOptions: {
      ...redisOptions,
      // Every node has its own name to prove, unless one name is said to stand for all.
      ...(tls && target.config.tls?.serverName === undefined ? { tls: { ...tls, servername: undefined } } : {}),
    },
  });
  try {
    return await opened(cluster);
  } catch (error) {
    throw unreachable(target.config, error);
  }
}

async function optionsFor({ config, directory, secrets }: Target, { host }: Address): Promise<RedisOptions> {
  const { username, password, tls } = config;
  const secret = password === undefined ? '' : reveal(await secrets.text(password));
  const secured =
    tls === undefined || tls.mode === 'disable' ? undefined : await tlsOptions(tls, { host, directory, secrets });
  const serverName = tls?.serverName ?? host;
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: 'chatelaine',
    disableClientInfo: true,
    // RESP3 tells maps from lists; numbers as text, since they may exceed 2^53. (In a cluster the driver
    // compares slot numbers as text too and finds some nodes only by being redirected to them, once.)
    protocol: 3,
    replyMapping: 'resp3',
    stringNumbers: true,
    ...(username === undefined ? {} : { username }),
    ...(secret === '' ? {} : { password: secret }),
    ...(secured ? { tls: { ...secured, ...(isIP(serverName) === 0 ? { servername: serverName } : {}) } } : {}),
  };
}

/** Waits until the client is ready; otherwise rejects with what kept it, which only its events tell. */
async function opened<Kind extends Client>(client: Kind): Promise<Kind> {
  let reason: unknown;
  client.on('error', (error: unknown) => {
    reason ??= withoutCommand(error);
  });
  // A cluster whose nodes do not know their own addresses is asked for ever.
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), READY_TIMEOUT_MS);
  try {
    await Promise.race([client.connect(), late.promise]);
    return client;
  } catch (error) {
    client.disconnect();
    throw reason ?? withoutCommand(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The driver's error without the command that failed: of the greeting, that is the password. */
function withoutCommand(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return error;
}

async function isClusterNode(client: Redis): Promise<boolean> {
  try {
    return /^cluster_enabled:1\r?$/m.test(await client.info('cluster'));
  } catch {
    // Who may not ask uses the server as it is.
    return false;
  }
}

/** `SOURCE_UNREACHABLE` with what is known of the reason. */
export function unreachable(config: RedisConfig, cause: unknown): Error {
  if (cause instanceof ChatelaineError) return cause;
  const { message, lastNodeError } = cause as Error & { readonly lastNodeError?: Error };
  return toolboxError(
    'SOURCE_UNREACHABLE',
    `cannot use the server at \`${named(config)}\`: ${lastNodeError?.message ?? message}`,
    {
      cause,
    },
  );
}
