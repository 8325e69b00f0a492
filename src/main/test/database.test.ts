/** One server's state, several servers' state, and what happens when it cannot be reached. */
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../test/loopback.ts';
import { postgresDatabase, type PostgresDatabase } from '../../../test/postgres.ts';
import { tcpProxy, type TcpProxy } from '../../../test/tcp-proxy.ts';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
const servers: RunningServer[] = [];
beforeEach(() => {
  place = workspace();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  place.remove();
});

async function serve(config: string, ...more: string[]): Promise<RunningServer> {
  const server = await start(['--config', config, '--data-dir', place.dataDir, ...more]);
  servers.push(server);
  return server;
}

const invoke = (server: RunningServer, key: string): Promise<Response> =>
  fetch(`${server.url}/api/tool/city/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: 1 }),
  });
const status = async (server: RunningServer, key: string): Promise<number> => (await invoke(server, key)).status;

describe('a data directory', () => {
  it('has one server: a second is refused with the name of the first, which goes on', async () => {
    const config = place.write('tools.yaml', CITIES);
    const server = await serve(config);
    const second = await run(['serve', '--port', '0', '--config', config, '--data-dir', place.dataDir]);
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(
      /DATA_DIRECTORY_TAKEN: .* served by the process \d+, since 20\S+Z\n {2}End the other/,
    );
    const { key } = await makeKey(place.dataDir);
    expect(await status(server, key)).toBe(200);
    await servers.pop()?.stop();
    await serve(config);
  });

  it('serves one client over standard input beside a server', async () => {
    const config = place.write('tools.yaml', CITIES);
    await serve(config);
    const beside = await run(['serve', '--stdio', '--config', config, '--data-dir', place.dataDir], { input: '' });
    expect(beside).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('PostgreSQL', () => {
  let database: PostgresDatabase;
  let wire: TcpProxy;
  let direct: string;
  let wired: string;

  const configuration = (port: number): string => `${CITIES}
---
kind: server
metrics: false
database:
  type: postgres
  host: 127.0.0.1
  port: ${port}
  database: ${database.database}
  user: ${database.user}
  password: \${DATABASE_PASSWORD}
`;

  beforeEach(async () => {
    database = await postgresDatabase();
    wire = await tcpProxy(database);
    process.env['DATABASE_PASSWORD'] = database.password;
    direct = place.write('direct.yaml', configuration(database.port));
    wired = place.write('wired.yaml', configuration(wire.port));
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await wire.close();
    await database.drop();
  });

  const newKey = () => makeKey(place.dataDir, '--config', direct);

  it('is shared by several servers: a key revoked by a command is refused by all of them within a second', async () => {
    const [one, other] = await Promise.all([serve(direct), serve(direct)]);
    const { id, key } = await newKey();
    for (const server of [one, other]) {
      await expect.poll(() => status(server, key)).toBe(200);
      expect(await status(server, key)).toBe(200);
    }
    const revoked = await run(['key', 'revoke', id, '--config', direct, '--data-dir', place.dataDir]);
    const since = performance.now();
    expect(revoked.code).toBe(0);
    for (const server of [one, other]) {
      await expect.poll(() => status(server, key), { timeout: 1000, interval: 20 }).toBe(401);
    }
    expect(performance.now() - since).toBeLessThan(1000);
  });

  it('refuses every call while it is away, since none could be put on record, and takes all again within five seconds', async () => {
    const server = await serve(wired);
    const [known, unknown] = [await newKey(), await newKey()];
    // As a busy server has it: the key is remembered, and what is remembered is confirmed.
    for (let call = 0; call < 20; call++) expect(await status(server, known.key)).toBe(200);
    wire.cut();
    expect([await status(server, known.key), await status(server, unknown.key)]).toEqual([503, 503]);
    // What is revoked meanwhile is not learned from the network, and still does not count afterwards.
    await run(['key', 'revoke', unknown.id, '--config', direct, '--data-dir', place.dataDir]);
    wire.mend();
    const mended = performance.now();
    await expect.poll(() => status(server, known.key), { timeout: 5000, interval: 20 }).toBe(200);
    expect(performance.now() - mended).toBeLessThan(5000);
    expect(await status(server, unknown.key)).toBe(401);
  });

  it('refuses a key that was revoked while the news could not come through', async () => {
    const server = await serve(wired);
    const { id, key } = await newKey();
    for (let call = 0; call < 20; call++) expect(await status(server, key)).toBe(200);
    wire.silence();
    await run(['key', 'revoke', id, '--config', direct, '--data-dir', place.dataDir]);
    const revoked = performance.now();
    let asked = revoked;
    let answer = 200;
    while (answer === 200) {
      asked = performance.now();
      answer = await status(server, key);
    }
    // On a silent wire the look-up waits for its answer: what counts is when the key was last taken.
    expect([answer, asked - revoked < 1000]).toEqual([503, true]);
    wire.mend();
    await expect.poll(() => status(server, key), { timeout: 5000, interval: 20 }).toBe(401);
  });

  it('that cannot be reached at the start is said in one error, and nothing listens', async () => {
    const port = await freePort();
    const config = place.write('nowhere.yaml', configuration(port));
    const ended = await run(['serve', '--port', '0', '--config', config, '--data-dir', place.dataDir]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toContain(
      `error DATABASE_UNAVAILABLE: the database server cannot be used: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    expect(ended.stderr).not.toContain(database.password);
  });
});
