/**
 * The database is cut off, stops answering, or has no connection left (D1): who cannot be served is told to come again,
 * soon, and everybody is served once it is back. Nobody storms it meanwhile.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres, type RunningPostgres } from '../postgres-server.ts';
import { tcpProxy, type TcpProxy } from '../tcp-proxy.ts';
import { judgeRecovery, judgeRefusals, judgeServed, judgeTraffic } from './judge.ts';
import { ask, between, keptAlive, SteadyLoad } from './load.ts';
import { asJson, callTool, keyOf, openFolder, postgresAt, serving } from './place.ts';
import type { Extent, Trial, Verdict } from './trial.ts';

const PER_SECOND = 20;
const BEFORE_MS = 3_000;
const FAULT_MS = { short: 6_000, long: 30_000 } as const;
const AFTER_MS = 6_000;
const ANSWER_MS = 2_000;
/** Where a server has no connection left a caller may wait for one, and then for a lock. */
const BOTH_MS = 3_500;
const RECOVERY_MS = 5_000;

/** Two who ask: of tools, whose calls go on record, and of administration, which reads and writes the state. */
const QUESTIONS = ['a call of a tool', 'a list of the API'] as const;

interface Fault {
  readonly name: string;
  /** In any case; two seconds is what is wanted. */
  readonly answeredMs: number;
  strike(postgres: RunningPostgres, proxy: TcpProxy): Promise<() => Promise<void> | void>;
}

const faults: readonly Fault[] = [
  {
    name: 'database-cut',
    answeredMs: ANSWER_MS,
    async strike(_, proxy) {
      proxy.cut();
      return () => proxy.mend();
    },
  },
  {
    name: 'database-stalled',
    answeredMs: ANSWER_MS,
    async strike(postgres) {
      const processes = processesOf(postgres);
      for (const id of processes) process.kill(id, 'SIGSTOP');
      return () => {
        for (const id of processes) process.kill(id, 'SIGCONT');
      };
    },
  },
  { name: 'database-pool-exhausted', answeredMs: BOTH_MS, strike: (postgres) => lockEverything(postgres) },
];

export const databaseTrials: readonly Trial[] = faults.map(({ name, answeredMs, strike }) => ({
  name,
  async run(extent) {
    const postgres = await startPostgres();
    const proxy = await tcpProxy(postgres);
    const folder = openFolder(name);
    try {
      const database = postgresAt({ ...postgres, port: proxy.port }, folder.secret('password', postgres.password));
      const place = { config: folder.configure({ database }), dataDir: join(folder.path, 'data') };
      const key = await keyOf(place);
      const admin = await keyOf(place, 'admin');
      return await serving(place, (server) =>
        struck({ url: server.url, key, admin, proxy, answeredMs, strike: () => strike(postgres, proxy) }, extent),
      );
    } finally {
      await proxy.close();
      await postgres.stop();
      folder.remove();
    }
  },
}));

interface Struck {
  readonly url: string;
  readonly key: string;
  readonly admin: string;
  readonly proxy: TcpProxy;
  readonly answeredMs: number;
  readonly strike: () => ReturnType<Fault['strike']>;
}

async function struck(
  { url, key, admin, proxy, answeredMs, strike }: Struck,
  { short }: Extent,
): Promise<readonly Verdict[]> {
  const agent = keptAlive();
  const calls = new SteadyLoad(PER_SECOND, () => callTool(url, key, 'city', { id: 1 }, agent));
  const lists = new SteadyLoad(PER_SECOND / 4, () => ask(new URL('/api/v1/agents', url), asJson(admin), agent));
  // What is loaded by the first request is not the database's affair.
  await pause(BEFORE_MS / 2);
  const since = performance.now();
  const quiet = { ...proxy.asked };
  await pause(BEFORE_MS);
  const before = { ...proxy.asked };
  const struckAt = performance.now();
  const mend = await strike();
  await pause(FAULT_MS[short ? 'short' : 'long']);
  const during = { ...proxy.asked };
  const mendedAt = performance.now();
  await mend();
  await pause(AFTER_MS);
  await Promise.all([calls.stop(), lists.stop()]);
  agent.destroy();
  const rate = (from: typeof quiet, to: typeof quiet, ms: number): number => ((to.bytes - from.bytes) / ms) * 1000;
  const seconds = (mendedAt - struckAt) / 1000;
  return [calls, lists]
    .flatMap(({ samples }, at) => {
      const what = QUESTIONS[at] as string;
      return [
        judgeServed(`${what}, before`, between(samples, since, struckAt - 500)),
        ...judgeRefusals(what, between(samples, struckAt, mendedAt), answeredMs, ANSWER_MS),
        ...judgeRecovery(what, samples, mendedAt, RECOVERY_MS),
      ];
    })
    .concat([
      judgeTraffic(
        'bytes a second to the database',
        rate(quiet, before, struckAt - since),
        rate(before, during, mendedAt - struckAt),
        2,
      ),
      judgeTraffic(
        'connections a second, as requests a second',
        PER_SECOND * 1.25,
        (during.connections - before.connections) / seconds,
        2,
      ),
    ]);
}

/** The server and what it has begun. */
function processesOf({ socketFolder }: RunningPostgres): readonly number[] {
  const first = Number(readFileSync(join(socketFolder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  const children = readdirSync(`/proc/${first}/task`).flatMap((thread) =>
    readFileSync(`/proc/${first}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return [first, ...children];
}

/** Every statement waits: each connection of the pool is somebody's, and nobody gets another. */
async function lockEverything({ host, port, user, password }: RunningPostgres): Promise<() => Promise<void>> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres', ssl: false });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname = 'chatelaine'`,
  );
  await client.query('begin');
  await client.query(`lock table ${rows.map(({ name }) => name).join(', ')} in access exclusive mode`);
  return () => client.end();
}
