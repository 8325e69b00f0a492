/** What a real server leaves on disk of the calls that it answered. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logStream, openAuditStore, verifyLog, type VerifyReport } from '#audit';
import type { AuditRecord } from '#contract';
import { systemClock } from '#kernel';
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

/** Reads the log beside whoever writes it, as a third party would. */
async function readLog(): Promise<{ readonly report: VerifyReport; readonly records: readonly AuditRecord[] }> {
  const { store, signingKey } = openAuditStore({ root: join(place.dataDir, 'audit'), clock: systemClock });
  const records: AuditRecord[] = [];
  async function* noted(items: ReturnType<typeof logStream>): ReturnType<typeof logStream> {
    for await (const group of items) {
      for (const item of group) {
        if (item.kind === 'record') records.push(JSON.parse(item.canonical) as AuditRecord);
      }
      yield group;
    }
  }
  const keys = new Map([[signingKey.id, signingKey.publicKey]]);
  const report = await verifyLog(noted(logStream(store)), { installation: store.installation, keys });
  await store.close();
  return { report, records };
}

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
    const { report, records } = await readLog();
    expect(report.findings).toEqual([]);
    const outcomes = records
      .filter(({ type }) => type === 'tool.call')
      .map(({ object, outcome }) => `${object?.name} ${outcome}`);
    const count = (line: string): number => outcomes.filter((one) => one === line).length;
    expect([count('city success'), count('rename intent'), count('rename success')]).toEqual([100, 100, 100]);
    expect(records.some(({ type, outcome }) => type === 'authentication' && outcome === 'success')).toBe(true);
    server = await start(['--config', join(place.folder, 'tools.yaml'), '--data-dir', place.dataDir]);
  });
});

test('`invoke` goes through the same pipeline and is on record as the local user’s', async () => {
  const config = place.file('tools.yaml');
  const done = await run(['invoke', 'city', '{"id": 2}', '--config', config, '--data-dir', place.dataDir]);
  expect([done.code, done.stdout]).toEqual([0, '{"name":"Bern","inhabitants":134000}\n']);
  const { report, records } = await readLog();
  expect(report.ok).toBe(true);
  expect(records.filter(({ door }) => door === 'cli')).toMatchObject([
    { type: 'tool.call', outcome: 'success', actor: { kind: 'user', sub: 'local' }, object: { name: 'city' } },
  ]);
});
