/** `chatelaine policy …` beside a real server, and over its data directory. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EVERYWHERE } from '#contract';
import { runProgram } from '#cli';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { cliContext } from '../../../test/cli-context.ts';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';

let served: ServedApi;
let admin: string;
beforeAll(async () => {
  served = await serveApi();
  admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key as string;
  const clerk = await withServices(served.place.dataDir, systemClock, async ({ identity }) => {
    await identity.keys.create(operator(), { agent: 'guest', roles: [] });
    return reveal((await identity.keys.create(operator(), { agent: 'clerk', roles: ['user'] })).secret);
  });
  for (const id of [1, 2, 3]) {
    const answer = await served.ask('POST', '/api/tool/city/invoke', clerk, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id }),
    });
    if (!answer.ok) throw new Error(`the call was answered with ${answer.status}`);
  }
});
afterAll(() => served.close());

async function policy(...words: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const code = await runProgram(
    ['policy', ...words],
    cliContext({
      env: { CHATELAINE_KEY: admin },
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
    }),
  );
  return { code, stdout, stderr };
}

const at = (): readonly string[] => ['--server', served.server.url];
const over = (): readonly string[] => ['--data-dir', served.place.dataDir];

test.each([
  ['at a server', at],
  ['over its data directory', over],
] as const)('simulate %s finds the calls that would be denied, and with --strict ends with 1', async (_, where) => {
  // What is kept of callers and tools is written behind the call.
  const report = await vi.waitUntil(
    async () => {
      const { stdout } = await policy('simulate', '--remove', '*/declared-tools', '--json', ...where());
      const read = JSON.parse(stdout) as { replayed: number; flips: readonly { count: number; change: string }[] };
      return read.replayed === 3 && read;
    },
    { timeout: 60_000 },
  );
  expect(report.flips).toMatchObject([{ change: 'denied', count: 3 }]);
  const told = await policy('simulate', '--remove', '*/declared-tools', '--strict', ...where());
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(/3 decisions on record .*; 3 decided again, 0 as before\./);
  expect(told.stdout).toMatch(/would be denied +3 +Agent \w{26} +default\/city +\S*declared-tools\S* → nothing/);
  expect((await policy('simulate', '--strict', ...where())).code).toBe(0);
});

test('explain and who say why, and who', async () => {
  const told = await policy('explain', 'default/city', '--agent', 'default/clerk', '--args', '{"id": 1}', ...at());
  expect(told.stdout).toContain(
    'Agent `default/clerk` may execute `default/city`: `*/declared-tools` (priority 0) permits it',
  );
  const who = await policy('who', 'default/city', ...at());
  expect(who.stdout).toMatch(/agent +clerk +yes +\*\/declared-tools/);
  expect(who.stdout).not.toContain('guest');
  expect((await policy('explain', 'default/city', ...at())).code).toBe(2);
});

test('advise writes Cedar, and what it rests on beside it', async () => {
  const { stdout, stderr } = await policy('advise', '--agent', 'default/clerk', ...at());
  expect(stdout).toMatch(/^@description\("3 calls on record .*"\)\npermit \(\n  principal == Agent::"\w{26}",/);
  expect(stderr).toBe('From 3 recorded calls; under these permits alone 3 of them pass.\n');
});

test('shadow says that nobody watches a policy', async () => {
  expect((await policy('shadow', '*/declared-tools', ...at())).stdout).toContain('Nobody watches it here.');
});

test('a question is no change: repeated under one key it is answered anew, and its answer is kept nowhere', async () => {
  const ask = (agent: string) =>
    served.ask('POST', '/api/v1/policies/explain', admin, {
      headers: { 'content-type': 'application/json', 'idempotency-key': 'again' },
      body: JSON.stringify({ principal: { kind: 'agent', id: agent }, tool: 'default/city' }),
    });
  const answers = [await ask('default/clerk'), await ask('default/guest')];
  expect(answers.map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([
    [200, null],
    [200, null],
  ]);
  const said = await Promise.all(answers.map(async (one) => ((await one.json()) as { allowed: boolean }).allowed));
  expect(said).toEqual([true, false]);
});
