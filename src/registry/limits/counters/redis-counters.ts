import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Redis } from 'ioredis';
import { isPem, type RedisCountersSettings } from '#contract';
import { reveal, type Logger } from '#kernel';
import type { Counters, CountSeen } from './counters.ts';
import { SETTLE_SCRIPT } from './redis-script.ts';
import { FASTEST_PER_MS, LEASE_MS, LEAST_KEPT_MS, type Ask, type Granted } from './settle.ts';

const CONNECT_MS = 2000;
/** Calls wait for it. */
const ANSWER_MS = 3000;
/** How long it waits before it connects again, at most. */
const LONGEST_PAUSE_MS = 1000;
const SCANNED = 1000;

interface WithSettle {
  settleCount(key: string, ...words: readonly (string | number)[]): Promise<readonly [string, string, string]>;
}

/**
 * Counts of a Redis or Valkey server, for several hosts. Commands do not wait for a server that is away: who
 * asks decides what to do without it. The client connects again by itself.
 */
export async function openRedisCounters(settings: RedisCountersSettings, log: Logger): Promise<Counters> {
  const { Redis: Client } = await import('ioredis');
  const { host, port, database, username, password, prefix, tls } = settings;
  const serverName = tls?.serverName ?? host;
  const ca = tls?.ca === undefined ? undefined : isPem(tls.ca) ? tls.ca : await readFile(tls.ca, 'utf8');
  const client = new Client({
    ...{ host, port, db: database, lazyConnect: true, connectionName: 'chatelaine-counters', disableClientInfo: true },
    ...{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
    ...{ connectTimeout: CONNECT_MS, commandTimeout: ANSWER_MS },
    retryStrategy: (attempt) => Math.min(50 * attempt, LONGEST_PAUSE_MS),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: reveal(password) }),
    ...(tls?.mode === 'verify-full' && {
      tls: { ...(ca !== undefined && { ca }), ...(isIP(serverName) === 0 && { servername: serverName }) },
    }),
  });
  client.on('error', (error: Error) => log.debug({ event: 'limits.redis', reason: error.message }, 'redis'));
  client.defineCommand('settleCount', { numberOfKeys: 1, lua: SETTLE_SCRIPT });
  // A server that is away now is no reason not to serve.
  await client.connect().catch(() => undefined);
  return new RedisCounters(client as Redis & WithSettle, prefix);
}

class RedisCounters implements Counters {
  readonly type = 'redis';
  readonly #client: Redis & WithSettle;
  readonly #prefix: string;

  constructor(client: Redis & WithSettle, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  settle(asks: readonly Ask[], holder: string, now: number): Promise<readonly Granted[]> {
    return Promise.all(asks.map((ask) => this.#settle(ask, holder, now)));
  }

  async #settle(ask: Ask, holder: string, now: number): Promise<Granted> {
    const { key, most, endsAt, unused, charge, need, spare, keep } = ask;
    const lease = endsAt === undefined ? LEASE_MS.atOnce : LEASE_MS.overTime;
    const kept = [keep, LEAST_KEPT_MS, FASTEST_PER_MS];
    const words = [holder, now, most, endsAt ?? '', unused, charge, need, spare, lease, ...kept];
    const [granted, taken, elsewhere] = await this.#client.settleCount(`${this.#prefix}limit:${key}`, ...words);
    return { granted: Number(granted), taken: Number(taken), elsewhere: Number(elsewhere) };
  }

  async probe(): Promise<void> {
    await this.#client.ping();
  }

  async seen(prefix: string, now: number, limit: number): Promise<readonly CountSeen[]> {
    const start = `${this.#prefix}limit:`;
    const found: CountSeen[] = [];
    const pattern = `${(start + prefix).replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}*`;
    let cursor = '0';
    do {
      const [next, keys] = await this.#client.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED);
      cursor = next;
      for (const key of keys) {
        const [taken, life] = await Promise.all([this.#client.hget(key, 'taken'), this.#client.pttl(key)]);
        if (taken === null) continue;
        const name = key.slice(start.length);
        // Of what runs the life is that of its leases.
        const endsAt = name.endsWith(AT_ONCE) ? undefined : now + Math.max(0, life - 1000);
        found.push({ key: name, taken: Number(taken), endsAt });
      }
    } while (cursor !== '0' && found.length < SCANNED);
    return found.toSorted((one, other) => other.taken - one.taken).slice(0, limit);
  }

  async prune(): Promise<void> {}

  async close(): Promise<void> {
    this.#client.disconnect();
  }
}

const AT_ONCE = '|now';
