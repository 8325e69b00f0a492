/** Whoever is refused over and over does not fill the audit log, and none of it is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { withServices } from './api.fixture.ts';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
const keys: string[] = [];

beforeAll(async () => {
  place = workspace();
  await withServices(place.dataDir, systemClock, async ({ identity }) => {
    for (const agent of ['noisy', 'quiet'])
      keys.push(reveal((await identity.keys.create(operator(), { agent, roles: ['user'] })).secret));
  });
  const config = place.write('tools.yaml', `${CITIES}\n---\nkind: server\nmetrics: false\n`);
  server = await start(['--config', config, '--data-dir', place.dataDir]);
});
afterAll(() => place.remove());

/** The status of each of so many requests, one after the other. */
async function ask(times: number, path: string, credential?: string): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  for (let at = 0; at < times; at++) {
    const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
    statuses.add((await fetch(`${server.url}${path}`, { headers })).status);
  }
  return statuses;
}

test('a flood of refusals at the API is recorded up to a number and counted beyond it, each caller by itself', async () => {
  const [noisy, quiet] = keys as [string, string];
  expect(await ask(45, '/api/v1/users', noisy)).toEqual(new Set([403]));
  expect(await ask(3, '/api/v1/users', quiet)).toEqual(new Set([403]));
  expect(await ask(40, '/api/v1/users')).toEqual(new Set([401]));
  // Strangers used up their own number, and no caller's.
  expect(await ask(1, '/api/v1/users', quiet)).toEqual(new Set([403]));
  await server.stop();
  const recorded = await withServices(place.dataDir, systemClock, async ({ audit }) => {
    const { records } = await audit.query({}, { limit: 1000 });
    return records.filter(({ outcome }) => outcome === 'denied');
  });
  const count = (type: string, name: string): number =>
    recorded.filter((record) => record.type === type && record.actor.name === name).length;
  const counted = (type: string) =>
    recorded.filter((record) => record.type === type).map(({ actor, details }) => [actor.name, details?.['refusals']]);
  expect([count('api.refused', 'noisy'), count('api.refused', 'quiet')]).toEqual([30, 4]);
  expect(counted('authorization.flood')).toEqual([['noisy', 15]]);
  expect(count('authentication', 'anonymous')).toBe(30);
  expect(counted('authentication.flood')).toEqual([['anonymous', 10]]);
});
