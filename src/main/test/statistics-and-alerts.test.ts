/** What calls add up to, and what of them is not like their caller: at the door, on record, on the command line. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import type { Services } from '#main';
import { loadAnomalies, type Profile } from '#registry';
import { withServices } from './api.fixture.ts';
import {
  CITIES,
  COMMAND,
  makeKey,
  run,
  start,
  workspace,
  type RunningServer,
  type Workspace,
} from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
let bot: { readonly id: string; readonly key: string };
let other: { readonly key: string };
let botId: string;
/** How the calls of the beginning were answered. */
const statuses: number[] = [];

/** Whoever is told of alerts: away at first. */
const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    heard.push({ headers: request.headers, body });
    response.writeHead(heard.length === 1 ? 503 : 204).end();
  });
});
const SECRET = 'the same on both sides, and long';

/** Weeks in which the agent looked up cities with the same program from this machine, at every hour. */
async function history(now: number, known: { readonly address: string }): Promise<Profile> {
  const { Habits, NEW_PROFILE } = await loadAnomalies();
  const habits = new Habits(NEW_PROFILE);
  for (let at = now - 20 * 86_400_000; at < now - 3_600_000; at += 3_600_000)
    habits.observe({ at, tool: 'city', denied: false, size: 6, client: 'bookings', ...known });
  return habits.profile;
}

const beside = <Value>(work: (services: Services) => Promise<Value>): Promise<Value> =>
  withServices(place.dataDir, systemClock, work);

const call = (key: string, body: string, userAgent = 'bookings/1.0', tool = 'city'): Promise<Response> =>
  fetch(`${server.url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'user-agent': userAgent },
    body,
  });

beforeAll(async () => {
  place = workspace();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/alerts`;
  const webhook = `{url: "${url}", secret: "\${HOOK}", allowPrivateNetworks: true}`;
  const alerts = `alerts: {webhook: ${webhook}}`;
  const config = place.write('tools.yaml', `${CITIES}\n---\nkind: server\nmetrics: false\n${alerts}\n`);
  const env = { HOOK: SECRET };
  bot = await makeKey(place.dataDir, '--agent', 'booking-bot');
  other = await makeKey(place.dataDir, '--agent', 'other');
  await beside(async ({ database, identity, audit }) => {
    const found = (await identity.agents.list()).find(({ name }) => name === 'booking-bot');
    botId = found?.id as string;
    const { writeProfile } = await loadAnomalies();
    const now = systemClock.now();
    const profile = await history(now, { address: audit.digest('127.0.0').slice(-22) });
    await writeProfile(database.db, `agent:${botId}`, profile, now);
  });
  server = await start(['--config', config, '--data-dir', place.dataDir], { env });
  const told = async (...asked: Parameters<typeof call>) => void statuses.push((await call(...asked)).status);
  for (let id = 1; id <= 3; id++) await told(bot.key, `{"id":${id}}`);
  await told(bot.key, '{"id":"no number"}');
  await told(bot.key, '{"id":1}', 'bookings/1.1');
  for (let again = 0; again < 3; again++) await told(bot.key, '{"id":1}', 'python-requests/2.32');
  await told(bot.key, '{}', undefined, 'nobody_has_this');
  await told(other.key, '{"id":1}');
  await server.stop();
  server = await start(['--config', config, '--data-dir', place.dataDir], { env });
});
afterAll(async () => {
  await server.stop();
  receiver.close();
  place.remove();
});

const ask = async (path: string, key: string) => {
  const answer = await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await answer.json()) as { readonly items: readonly Record<string, unknown>[] };
};

const command = (...args: string[]) => run([...args, '--data-dir', place.dataDir]);

test('every call of a tool that there is counts once, by how it ended; names that nobody has make no rows', async () => {
  expect(statuses).toEqual([200, 200, 200, 400, 200, 200, 200, 200, 404, 200]);
  const { stdout } = await command('statistics', '--json');
  const { items } = JSON.parse(stdout) as { readonly items: readonly Record<string, unknown>[] };
  expect(items).toEqual([
    {
      ...{ namespace: 'default', tool: 'city', total: 9, successful: 8, failed: 0, denied: 1, errorRate: 0 },
      ...{ averageDurationMs: expect.any(Number), p50Ms: expect.any(Number), p95Ms: expect.any(Number) },
      ...{ p99Ms: expect.any(Number), lastAt: expect.any(String) },
    },
  ]);
  const text = (await command('statistics', '--by', 'principal')).stdout;
  expect(text).toMatch(/ █ \d{4}-\d\d-\d\d {3}9 calls on the busiest day/);
  expect(text).toContain(`agent:${botId}`);
  expect((await command('statistics', '--tool', 'nobody_has_this')).stdout).toMatch(/^Nothing was called/);
});

test('an agent sees what it did itself, and nothing of others', async () => {
  const { items } = await ask('/statistics?by=principal', bot.key);
  expect(items.map(({ principal, total }) => [principal, total])).toEqual([[`agent:${botId}`, 8]]);
  expect((await ask('/statistics', other.key)).items).toMatchObject([{ total: 1 }]);
  expect((await ask(`/statistics?agent=${botId}`, other.key)).items).toMatchObject([{ total: 0 }]);
  expect((await ask('/statistics?namespace=elsewhere', bot.key)).items ?? 'refused').toEqual([]);
});

test('another program with the key of an agent is told once, on record with where it was, and a new version is none', async () => {
  const { stdout } = await command('alert', 'list', '--json');
  const { alerts } = JSON.parse(stdout) as { readonly alerts: readonly Record<string, string>[] };
  expect(alerts.map(({ kind, principal, tool }) => [kind, principal, tool])).toEqual([
    ['new_client', `agent:${botId}`, 'city'],
  ]);
  const [alert] = alerts as [Record<string, string>];
  const record = await beside(({ audit }) => audit.find(alert['record'] as string));
  expect(record).toMatchObject({
    type: 'anomaly.detected',
    object: { kind: 'agent', id: botId },
    details: { alert: alert['id'], kind: 'new_client', address: '127.0.0.1', userAgent: 'python-requests/2.32' },
  });
  // Whoever was away is told again, by the next process as well, under the same id.
  await call(other.key, '{"id":1}');
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(2);
  for (const { headers, body } of heard) {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-id']).toBe(alert['id']);
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`);
    expect(JSON.parse(body)).toMatchObject({ type: 'anomaly.detected', data: { kind: 'new_client', tool: 'city' } });
  }
  const noted = await command('alert', 'acknowledge', alert['id'] as string, '--note', 'a drill');
  expect(noted.stdout).toMatch(/acknowledged by chatelaine#operator, .*: a drill/);
  expect((await command('alert', 'list')).stdout).toBe('There is no such alert.\n');
  expect((await command('alert', 'list', '--all')).stdout).toContain('acknowledged');
});

test('what is known of the ways of a person goes with them', async () => {
  await beside(async ({ database, users }) => {
    const { NEW_PROFILE, readProfile, writeProfile } = await loadAnomalies();
    const now = systemClock.now();
    const { id } = await users.insert('06bxk2m9q4zv7c1n8hj3t5w0y2', {
      name: 'ann',
      profile: { displayName: 'Ann', email: '' },
    });
    await writeProfile(database.db, `user:${id}`, NEW_PROFILE, now);
    const { operator } = await import('#identity');
    await users.erase(operator(), id);
    expect(await readProfile(database.db, `user:${id}`)).toBe(undefined);
  });
});

test('the runbook of docs/incidents.md runs as it is written', async () => {
  const document = readFileSync(join(import.meta.dirname, '../../../docs/incidents.md'), 'utf8');
  const [first, last] = [...document.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((block) => block[1] as string);
  const { alerts } = JSON.parse((await command('alert', 'list', '--all', '--json')).stdout) as {
    readonly alerts: readonly { readonly id: string }[];
  };
  const env = {
    ...process.env,
    CHATELAINE_DATA_DIR: place.dataDir,
    PATH: `${dirname(COMMAND)}:${process.env['PATH']}`,
  };
  const script = async (text = ''): Promise<string> =>
    (await promisify(execFile)('sh', ['-euc', text], { cwd: place.folder, env })).stdout;
  const ids = { AGENT_ID: botId, ALERT_ID: alerts[0]?.id ?? '' };
  const said = await script(first?.replaceAll(/AGENT_ID|ALERT_ID/g, (name) => ids[name as keyof typeof ids]));
  expect(said).toContain('is contained: 1 processes confirmed');
  expect(said).toContain('The report is as it was recorded');
  expect((await call(bot.key, '{"id":1}')).status).toBe(401);
  const listed = JSON.parse((await command('contain', '--list', '--json')).stdout) as {
    readonly containments: readonly { readonly id: string }[];
  };
  await script(last?.replaceAll('CONTAINMENT_ID', listed.containments[0]?.id ?? ''));
  await expect.poll(async () => (await call(bot.key, '{"id":1}')).status, { timeout: 10_000 }).toBe(200);
});
