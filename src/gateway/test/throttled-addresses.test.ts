/** Floods at the door: credentials that do not count, and callers that ask the API without end. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailedCredentials } from '../pipeline/failed-credentials.ts';
import { RequestRate } from '../pipeline/request-rate.ts';
import { ALICE, startGateway, type RunningGateway } from './gateway.fixture.ts';

let running: RunningGateway | undefined;
afterEach(() => {
  vi.useRealTimers();
  return running?.close();
});

const ask = (key: string): Promise<Response> =>
  fetch(`${running?.url}/api/tool/echo`, { headers: { Authorization: `Bearer ${key}` } });

async function flood(times: number): Promise<readonly Response[]> {
  const answers: Response[] = [];
  for (let at = 0; at < times; at += 50)
    answers.push(...(await Promise.all(Array.from({ length: 50 }, (_, one) => ask(`chk_wrong_${at + one}`)))));
  return answers;
}

describe('POL-008: a flood of credentials that do not count', () => {
  it(
    'POL-008: is refused before anything is verified, and locks nobody out who was let in',
    { timeout: 60_000 },
    async () => {
      // Nothing is forgiven meanwhile, however long the requests take.
      vi.useFakeTimers({ toFake: ['performance'] });
      running = await startGateway();
      expect((await ask('chk_wrong')).status).toBe(401);
      expect((await ask(ALICE)).status).toBe(200);
      const answers = await flood(1500);
      const last = answers.at(-1) as Response;
      expect([answers[0]?.status, last.status]).toEqual([401, 429]);
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(((await last.json()) as { code: string }).code).toBe('ADDRESS_THROTTLED');
      expect((await ask(ALICE)).status).toBe(200);
    },
  );

  it('locks nobody out when the wall clock is set back an hour', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    running = await startGateway();
    expect((await ask('chk_wrong')).status).toBe(401);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect((await ask(ALICE)).status).toBe(200);
  });

  it('POL-008: refuses whoever was not let in there before, since they cannot be told from the flood', () => {
    const failures = new FailedCredentials({ now: () => 0 });
    failures.failed('192.0.2.7');
    failures.succeeded('192.0.2.7', 'Bearer known');
    for (let at = 0; at < 2000; at++) failures.failed('192.0.2.7');
    expect(() => failures.check('192.0.2.7', 'Bearer known')).not.toThrow();
    expect(() => failures.check('192.0.2.7', 'Bearer new')).toThrow(/too many credentials/);
    expect(() => failures.check('192.0.2.8', 'Bearer new')).not.toThrow();
  });

  it('POL-008: leaves a bounded trace, and ends', () => {
    let now = 0;
    const failures = new FailedCredentials({ now: () => now });
    for (let at = 0; at < 50_000; at++) failures.failed(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    expect(failures.size).toBeLessThanOrEqual(20_000);
    for (let at = 0; at < 5000; at++) failures.failed(`2001:db8::${(at + 1).toString(16)}`);
    expect(() => failures.check('2001:db8::ffff:1', 'Bearer new')).toThrow(/too many credentials/);
    expect(() => failures.check('2001:db8:0:1::1', 'Bearer new')).not.toThrow();
    now += 600_000;
    expect(() => failures.check('2001:db8::ffff:1', 'Bearer new')).not.toThrow();
  });
});

it('a caller that asks the API more often than a minute allows waits, and others do not', () => {
  let now = 0;
  const rate = new RequestRate(60, { now: () => now });
  const [ann, bob] = [
    { kind: 'user', iss: 'chatelaine', sub: 'ann' },
    { kind: 'agent', iss: 'chatelaine', sub: 'bob' },
  ];
  const refusals = (times: number): number =>
    Array.from({ length: times }, () => rate.take(ann)).filter(Boolean).length;
  expect(refusals(61)).toBe(1);
  expect(rate.take(ann)?.details).toEqual({ retryAfterSeconds: 1 });
  expect(rate.take(bob)).toBeUndefined();
  now += 10_000;
  expect(refusals(11)).toBe(1);
});
