/** Searching for tools through the API and on the command line: what policies let a caller call, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { withServices } from './api.fixture.ts';
import { CITIES, run, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const ELSEWHERE = `
---
kind: source
namespace: elsewhere
name: cities
type: sqlite
database: cities.db
---
kind: tool
namespace: elsewhere
name: far_city
type: sqlite-sql
source: cities
description: A city elsewhere.
statement: SELECT 1
`;

let place: Workspace;
let server: RunningServer;
const keys: Record<string, string> = {};

beforeAll(async () => {
  place = workspace();
  const config = place.write('tools.yaml', `${CITIES}${SCOPED}${ELSEWHERE}`);
  await withServices(place.dataDir, systemClock, async ({ identity }) => {
    const make = async (agent: string, more: object): Promise<void> => {
      const made = await identity.keys.create(operator(), { agent, roles: ['user'], ...more });
      keys[agent] = reveal(made.secret);
    };
    await make('ann', {});
    await make('one-tool', { allowedTools: ['city'] });
    await make('nobody', { roles: [] });
    await make('auditor', { roles: ['auditor'] });
    await make('caller', { access: ['execute'] });
    await make('stranger', { namespace: 'elsewhere' });
  });
  server = await start(['--config', config, '--data-dir', place.dataDir]);
});
afterAll(async () => {
  await server.stop();
  place.remove();
});

interface Found {
  readonly items: { readonly namespace: string; readonly name: string }[];
  readonly total: number;
  readonly code?: string;
}

const search = async (asked: string, key = keys['ann']): Promise<Found & { readonly status: number }> => {
  const headers = { Authorization: `Bearer ${key}` };
  const answer = await fetch(`${server.url}/api/v1/tools/search${asked}`, { headers });
  return { ...((await answer.json()) as Found), status: answer.status };
};

const namesOf = ({ items }: Found): string[] => items.map(({ name }) => name);

describe('GET /api/v1/tools/search', () => {
  test('gives the tools that fit, with what a caller fills in and how dangerous they are', async () => {
    expect(await search('?query=rename')).toEqual({
      status: 200,
      items: [
        {
          ...{ namespace: 'default', name: 'rename', type: 'sqlite-sql', title: null, description: 'Renames a city.' },
          ...{ tags: [], scopesRequired: ['write:cities'], annotations: expect.any(Object) },
          inputSchema: expect.objectContaining({ type: 'object', required: ['name', 'id'] }),
        },
      ],
      total: 1,
    });
    expect(namesOf(await search(''))).toEqual(['city', 'rename']);
    expect(await search('?query=cities&limit=1')).toMatchObject({ items: [{}], total: 2 });
    expect(await search('?tags=none')).toMatchObject({ items: [], total: 0 });
  });

  test.each([
    ['a key for one tool', 'one-tool', ['city']],
    ['somebody without a role, whom no policy permits', 'nobody', []],
    ['an auditor, who reads records and calls nothing', 'auditor', []],
    ['somebody of another namespace', 'stranger', ['far_city']],
  ])('finds for %s what they may call', async (_, agent, names) => {
    const found = await search('?query=city', keys[agent]);
    expect([found.status, namesOf(found), found.total]).toEqual([200, names, names.length]);
  });

  test('is for credentials that read', async () => {
    expect(await search('', keys['caller'])).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  test.each([
    '?limit=26',
    '?limit=0',
    '?limit=x',
    `?query=${'x'.repeat(501)}`,
    '?tags=a,b,c,d,e,f,g,h,i,j,k',
    '?namespace=elsewhere',
  ])('refuses %s', async (asked) => {
    expect(await search(asked)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });
});

describe('chatelaine tool search', () => {
  const ask = (...args: string[]) =>
    run(['tool', 'search', ...args], {
      env: { CHATELAINE_SERVER: server.url, CHATELAINE_KEY: keys['ann'] as string },
    });

  test('shows a table, how many more there are, and JSON', { timeout: 60_000 }, async () => {
    expect((await ask('one', 'city', 'by', 'id')).stdout).toMatch(
      /^NAME\s+TAGS\s+WHAT IT IS FOR\ncity\s+-\s+One city by its id\./,
    );
    expect((await ask('city', '--limit', '1')).stdout).toContain('1 more fit');
    expect((await ask('zeppelin')).stdout).toBe('No tool fits.\n');
    expect(JSON.parse((await ask('rename', '--json')).stdout)).toMatchObject({ items: [{ name: 'rename' }], total: 1 });
    expect(JSON.parse((await ask('--tag', 'a', 'b', '--json')).stdout)).toEqual({ items: [], total: 0 });
  });

  test('says where to look, in a data directory, where no tools are', { timeout: 60_000 }, async () => {
    const { code, stderr } = await run(['tool', 'search', 'city', '--data-dir', place.dataDir]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/TOOLS_NOT_SERVED[\s\S]*--server/)]);
  });
});
