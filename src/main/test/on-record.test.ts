/** What a real server leaves on disk of the calls that it answered. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAudit } from '../../../test/crash/audit-report.ts';
import {
  CITIES,
  makeKey,
  run,
  SCOPED,
  start,
  workspace,
  type RunningServer,
  type Workspace,
} from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
let key: string;

beforeAll(async () => {
  place = workspace();
  const config = place.write('tools.yaml', CITIES + SCOPED);
  key = (await makeKey(place.dataDir, '--scope', 'write:cities')).key;
  server = await start(['--config', config, '--data-dir', place.dataDir]);
});
afterAll(async () => {
  await server.stop();
  place.remove();
});

const invoke = (tool: string, args: object): Promise<Response> =>
  fetch(`${server.url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(args),
  });

describe('a server that is killed under load', () => {
  test('has every call that it answered on record, and the chain verifies', async () => {
    const calls = Array.from({ length: 200 }, async (_, index) => {
      const answer = await (index % 2 === 0
        ? invoke('city', { id: 1 + (index % 3) })
        : invoke('rename', { id: 3, name: `Biel ${index}` }));
      expect(answer.status).toBe(200);
    });
    await Promise.all(calls);
    await server.stop('SIGKILL');
    const { findings, records } = await readAudit(place.dataDir);
    expect(findings).toEqual([]);
    const outcomes = records
      .filter(({ type }) => type === 'tool.call')
      .map(({ object, outcome }) => `${object?.name} ${outcome}`);
    const count = (line: string): number => outcomes.filter((one) => one === line).length;
    expect([count('city success'), count('rename intent'), count('rename success')]).toEqual([100, 100, 100]);
    expect(records.some(({ type, outcome }) => type === 'authentication' && outcome === 'success')).toBe(true);
    server = await start(['--config', join(place.folder, 'tools.yaml'), '--data-dir', place.dataDir]);
  });
});

test('only what cannot write goes without an intent: the database’s word counts, an author’s hint does not', async () => {
  const tools = place.write(
    'hints.yaml',
    `${CITIES}
---
kind: tool
name: looked_up
type: sqlite-sql
source: cities
description: A lookup that nobody declared read-only.
statement: SELECT name FROM cities WHERE id = 1
---
kind: tool
name: said_harmless
type: sqlite-sql
source: cities
description: An update whose author says that it only reads.
annotations: { readOnlyHint: true }
statement: UPDATE cities SET inhabitants = inhabitants + 1 WHERE id = 1
`,
  );
  const other = await start(['--config', tools, '--data-dir', place.file('hints')]);
  const { key: otherKey } = await makeKey(place.file('hints'));
  for (const tool of ['looked_up', 'looked_up', 'said_harmless', 'said_harmless', 'city']) {
    await fetch(`${other.url}/api/tool/${tool}/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${otherKey}`, 'Content-Type': 'application/json' },
      body: '{"id": 1}',
    });
  }
  await other.stop();
  const { records } = await readAudit(place.file('hints'));
  const written = records.filter(({ type }) => type === 'tool.call').map((one) => `${one.object?.name} ${one.outcome}`);
  expect(written).toEqual([
    // Once unknown, then judged.
    ...['looked_up intent', 'looked_up success', 'looked_up success'],
    ...['said_harmless intent', 'said_harmless success', 'said_harmless intent', 'said_harmless success'],
    'city success',
  ]);
});

test('`invoke` goes through the same pipeline and is on record as the local user’s', async () => {
  const config = place.file('tools.yaml');
  const done = await run(['invoke', 'city', '{"id": 2}', '--config', config, '--data-dir', place.dataDir]);
  expect([done.code, done.stdout]).toEqual([0, '{"name":"Bern","inhabitants":134000}\n']);
  const { ok, records } = await readAudit(place.dataDir);
  expect(ok).toBe(true);
  expect(records.filter(({ door, type }) => door === 'cli' && type === 'tool.call')).toMatchObject([
    { type: 'tool.call', outcome: 'success', actor: { kind: 'user', sub: 'local' }, object: { name: 'city' } },
  ]);
});
