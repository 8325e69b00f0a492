/**
 * The Redis that limits are counted in is gone (D2): each process grants no more than its share, and soon counts exactly
 * again. What is counted of sign-ins and tokens is in the database: where that is away, nobody is judged.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { redisMissing, startRedis, type TestRedis } from '../redis.ts';
import { startPostgres } from '../postgres-server.ts';
import { tcpProxy } from '../tcp-proxy.ts';
import { counted, type Answer } from './judge.ts';
import { ask, keptAlive } from './load.ts';
import { callTool, keyOf, openFolder, postgresAt, serving } from './place.ts';
import { holds, none, timely, type Trial, type Verdict } from './trial.ts';

const QUOTA = 100;
const REPLICAS = 2;
const CALLS = 300;
const RECOVERY_MS = 5_000;
/** Longer than a block of permits is held. */
const SETTLED_MS = 2_500;
const ANSWER_MS = 5_000;
const GUESSES = 20;

export const countersTrial: Trial = {
  name: 'counters-down',
  missing: redisMissing,
  async run() {
    let redis: TestRedis = await startRedis();
    const { port } = redis;
    const folder = openFolder('counters');
    try {
      const limit = `kind: limit\nname: quota\nper: principal\nlimits: ${QUOTA} calls per 3650d\n---\n`;
      const counters = { type: 'redis', host: '127.0.0.1', port, replicas: REPLICAS };
      const place = { config: folder.configure({ counters }, limit), dataDir: join(folder.path, 'data') };
      const [key, other, fresh] = [
        await keyOf(place),
        await keyOf(place, 'user', 'another'),
        await keyOf(place, 'user', 'a-third'),
      ];
      return await serving(place, async ({ url }) => {
        const agent = keptAlive();
        const call = (who: string, times: number): Promise<readonly Timed[]> =>
          Promise.all(Array.from({ length: times }, () => timed(() => callTool(url, who, 'city', { id: 1 }, agent))));
        const before = await call(key, 20);
        await pause(SETTLED_MS);
        await redis.stop();
        const [known, unknown] = [await call(key, CALLS), await call(other, CALLS)];
        redis = await startRedis({ port });
        const mendedAt = performance.now();
        // Whether it counts there again shows in Redis and not in answers: somebody's whole quota is granted at once.
        let recoveredMs = Number.POSITIVE_INFINITY;
        while (performance.now() - mendedAt < 2 * RECOVERY_MS) {
          await call(fresh, 1);
          if (/limit:/.test(await redis.send('KEYS', '*limit:*'))) {
            recoveredMs = performance.now() - mendedAt;
            break;
          }
          await pause(50);
        }
        const later = await call(fresh, CALLS);
        agent.destroy();
        const share = QUOTA / REPLICAS;
        const slowest = Math.max(...[...known, ...unknown].map(({ ms }) => ms));
        return [
          holds('all pass before', passed(before) === 20, counted(before)),
          holds(`who had used 20 gets no more than ${QUOTA}`, passed(before) + passed(known) <= QUOTA, counted(known)),
          holds(
            `who had used none gets the share of one process, ${share}`,
            passed(unknown) <= share,
            counted(unknown),
          ),
          none('refused otherwise than by 429 or 503', strange([...known, ...unknown])),
          timely(
            `everybody is answered within ${ANSWER_MS} ms`,
            slowest <= ANSWER_MS,
            `${Math.round(slowest)} ms at most`,
          ),
          timely(
            `counted there again within ${RECOVERY_MS} ms`,
            recoveredMs <= RECOVERY_MS,
            `${Math.round(recoveredMs)} ms`,
          ),
          holds(`and no more than ${QUOTA} for anybody`, passed(later) <= QUOTA, counted(later)),
          ...(await guesses()),
        ];
      });
    } finally {
      await redis.stop();
      folder.remove();
    }
  },
};

type Timed = Answer & { readonly ms: number };

async function timed(answer: () => Promise<Answer>): Promise<Timed> {
  const since = performance.now();
  return { ...(await answer()), ms: performance.now() - since };
}

const passed = (answers: readonly Answer[]): number => answers.filter(({ status }) => status === 200).length;

const strange = (answers: readonly Answer[]): readonly string[] =>
  answers.filter(({ status }) => ![200, 429, 503].includes(status)).map(({ status, code }) => `${status} ${code}`);

/** Secrets of clients are guessed while nothing can be counted: none of the guesses is judged. */
async function guesses(): Promise<readonly Verdict[]> {
  const postgres = await startPostgres();
  const proxy = await tcpProxy(postgres);
  const folder = openFolder('guesses');
  try {
    const database = postgresAt({ ...postgres, port: proxy.port }, folder.secret('password', postgres.password));
    const config = folder.configure({ database, publicUrl: 'http://127.0.0.1:9' });
    return await serving({ config, dataDir: join(folder.path, 'data') }, async ({ url }) => {
      const guess = (at: number): Promise<Answer> =>
        ask(new URL('/oauth/token', url), {
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            host: '127.0.0.1:9',
            authorization: `Basic ${Buffer.from(`somebody:guess-${at}`).toString('base64')}`,
          },
          body: 'grant_type=client_credentials',
        });
      const judged = await guess(0);
      proxy.cut();
      const answers = await Promise.all(Array.from({ length: GUESSES }, (_, at) => guess(at)));
      const wrong = answers.filter(({ status }) => status !== 503).map(({ status, code }) => `${status} ${code}`);
      return [
        holds(
          'a guess of a secret is judged while it is counted',
          judged.status === 401,
          `${judged.status} ${judged.code}`,
        ),
        none(`and none of ${GUESSES} while it cannot be`, wrong),
      ];
    });
  } finally {
    await proxy.close();
    await postgres.stop();
    folder.remove();
  }
}
