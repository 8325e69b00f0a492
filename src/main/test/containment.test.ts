/** An agent that is stopped has stopped, on every process, by the moment that somebody is told so. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { serverSchema } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { dialects, emptyPlace } from '../../../test/databases.ts';
import { CITIES, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

interface Begun {
  readonly id: string;
  readonly acknowledgedAt: string | null;
  readonly signed: {
    readonly report: { readonly complete: boolean; readonly processes: readonly unknown[]; readonly tookMs: number };
    readonly receipt: object;
  };
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Served {
  readonly place: Workspace;
  readonly servers: readonly RunningServer[];
  readonly env: Record<string, string>;
  readonly config: string;
  /** The command line on the data directory, beside the servers. */
  command(...args: string[]): ReturnType<typeof run>;
  key(...options: string[]): Promise<string>;
  beside<Value>(work: (services: Services) => Promise<Value>): Promise<Value>;
}

async function served(dialect: (typeof dialects)[number]): Promise<Served> {
  const place = workspace();
  closers.push(() => place.remove());
  const { document } = await emptyPlace(dialect);
  const password = typeof document['password'] === 'string' ? document['password'] : '';
  const database = dialect === 'sqlite' ? document : { ...document, password: '${DATABASE_PASSWORD}' };
  const config = place.write(
    'tools.yaml',
    `${CITIES}\n---\nkind: server\nmetrics: false\ndatabase: ${JSON.stringify(database)}\n`,
  );
  const env = { DATABASE_PASSWORD: password };
  const where = ['--data-dir', place.dataDir, '--config', config];
  const servers: RunningServer[] = [];
  // One data directory, as several replicas have it on a shared volume; of SQLite one server may run.
  for (let index = 0; index < (dialect === 'sqlite' ? 1 : 2); index++) {
    const server = await start(where, { env });
    closers.push(() => server.stop());
    servers.push(server);
  }
  return {
    ...{ place, servers, env, config },
    command: (...args) => run([...args, ...where], { env }),
    async key(...options) {
      const { stdout, stderr } = await run(['key', 'create', '--role', 'user', '--json', ...options, ...where], {
        env,
      });
      if (stdout === '') throw new Error(stderr);
      return (JSON.parse(stdout) as { key: string }).key;
    },
    async beside(work) {
      const endings = new Endings();
      try {
        const settings = serverSchema.parse({ kind: 'server', database: document });
        return await work(
          await openServices({ dataDir: place.dataDir, settings, clock: systemClock, log: silentLogger, endings }),
        );
      } finally {
        await endings.close(silentLogger);
      }
    },
  };
}

const call = (server: RunningServer, key: string): Promise<Response> =>
  fetch(`${server.url}/api/tool/city/invoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"id":1}',
  });

/** Calls at every server, several at once, until it is told to stop; gives when each success was answered. */
function load(servers: readonly RunningServer[], key: string, each: number) {
  const stopping = new AbortController();
  const answered: number[] = [];
  const statuses = new Set<number>();
  const loops = servers.flatMap((server) =>
    Array.from({ length: each }, async () => {
      while (!stopping.signal.aborted) {
        const { status, body } = await call(server, key);
        await body?.cancel();
        statuses.add(status);
        if (status === 200) answered.push(Date.now());
      }
    }),
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(loops);
  };
  closers.push(stop);
  return { answered, statuses, stop };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe.each(dialects)('with its state in %s', (dialect) => {
  test('no success is on record after the acknowledgement, whatever was under way; others go on', async () => {
    const all = await served(dialect);
    const [bot, other] = [await all.key('--agent', 'bot'), await all.key('--agent', 'other')];
    const loaded = load(all.servers, bot, 8);
    await until(() => loaded.answered.length > 200);
    const file = all.place.file('report.json');
    const { stdout, code } = await all.command(
      'contain',
      'agent',
      'bot',
      '--reason',
      'key in a log',
      '--report',
      file,
      '--json',
    );
    expect(code).toBe(0);
    const begun = JSON.parse(stdout) as Begun;
    const before = loaded.answered.length;
    await until(() => loaded.statuses.size > 1);
    // Long enough for whatever was let in before.
    for (let more = 0; more < 100; more++) await call(all.servers[more % all.servers.length] as RunningServer, bot);
    await loaded.stop();
    expect(before).toBeGreaterThan(200);
    expect(begun.signed.report).toMatchObject({
      complete: true,
      processes: all.servers.map(() => ({ stoppedCalls: expect.any(Number) })),
    });
    const acknowledgedAt = begun.acknowledgedAt as string;
    const records = await all.beside(async ({ audit }) => {
      const page = await audit.query({ type: 'tool.call', outcome: 'success', from: acknowledgedAt }, { limit: 1000 });
      return page.records.filter(({ time, actor }) => time > acknowledgedAt && actor.name === 'bot');
    });
    expect(records).toEqual([]);
    for (const server of all.servers) expect((await call(server, other)).status).toBe(200);

    // The report stands by itself, and no other report has its receipt.
    const key = all.place.write('key.pem', (await all.command('audit', 'public-key')).stdout);
    expect(await run(['contain', '--verify', file, '--key', key])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as it was recorded'),
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace('key in a log', 'a drill'));
    expect(await run(['contain', '--verify', file, '--key', key])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('RECEIPT_PROVES_NOTHING'),
    });

    expect((await all.command('contain', '--list')).stdout).toContain('key in a log');
    expect((await all.command('contain', '--release', begun.id)).code).toBe(0);
    for (const server of all.servers) await eventually(async () => (await call(server, bot)).status === 200);
  });

  test('a tool that is stopped is refused at every server, by its name, until it is released', async () => {
    const all = await served(dialect);
    const bot = await all.key('--agent', 'bot');
    for (const server of all.servers) expect((await call(server, bot)).status).toBe(200);
    const begun = JSON.parse((await all.command('contain', 'tool', 'city', '--json')).stdout) as Begun;
    for (const server of all.servers) {
      const refused = await call(server, bot);
      expect([refused.status, JSON.stringify(await refused.json())]).toEqual([
        403,
        expect.stringContaining('CONTAINED'),
      ]);
    }
    expect((await all.command('contain', '--release', begun.id)).code).toBe(0);
    for (const server of all.servers) await eventually(async () => (await call(server, bot)).status === 200);
  });
});

describe('`invoke`', () => {
  const SLOW = `${CITIES}
---
kind: tool
name: slow
type: sqlite-sql
source: cities
description: Counts for longer than anybody waits.
timeout: 5m
statement: WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000000000) SELECT count(*) AS n FROM c
`;

  test('is refused what was stopped, and called again when it is released', async () => {
    const all = await served('sqlite');
    for (const words of [
      ['tool', 'city'],
      ['namespace', 'default'],
    ]) {
      const begun = JSON.parse((await all.command('contain', ...words, '--json')).stdout) as Begun;
      expect(await all.command('invoke', 'city', '{"id": 1}')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('CONTAINED'),
      });
      expect((await all.command('contain', '--release', begun.id)).code).toBe(0);
    }
    expect((await all.command('invoke', 'city', '{"id": 1}')).code).toBe(0);
  });

  test('is stopped while it runs, and whoever stops it waits for it', async () => {
    const place = workspace();
    closers.push(() => place.remove());
    const where = ['--data-dir', place.dataDir, '--config', place.write('tools.yaml', SLOW)];
    const running = run(['invoke', 'slow', '{}', ...where]);
    const endings = new Endings();
    closers.push(() => endings.close(silentLogger));
    const begun = async (): Promise<boolean> => {
      const page = await services.audit.query({ type: 'tool.call', outcome: 'intent' }, { limit: 1 });
      return page.records.length > 0;
    };
    const settings = serverSchema.parse({ kind: 'server' });
    const opened = { dataDir: place.dataDir, settings, clock: systemClock, log: silentLogger, endings };
    const services = await openServices(opened);
    await eventually(begun);
    const contained = JSON.parse((await run(['contain', 'tool', 'slow', '--json', ...where])).stdout) as Begun;
    expect(contained.signed.report).toMatchObject({ complete: true });
    expect(await running).toMatchObject({ code: 1, stderr: expect.stringContaining('CALL_CONTAINED') });
  });
});

/** What other processes take up within a second. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 10_000 }).toBe(true);
}

test('a server that was killed is not waited for on its own host', async () => {
  const all = await served('sqlite');
  await all.key('--agent', 'bot');
  await (all.servers[0] as RunningServer).stop('SIGKILL');
  const begun = JSON.parse((await all.command('contain', 'agent', 'bot', '--json')).stdout) as Begun;
  expect(begun.signed.report).toMatchObject({ complete: true, processes: [] });
});
