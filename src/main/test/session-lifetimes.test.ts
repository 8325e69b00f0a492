/** `signIn:` of `kind: server` reaches whatever judges sessions and proofs. */
import { afterEach, expect, test } from 'vitest';
import { serverSchema, type Principal } from '#contract';
import { newId, reveal, silentLogger, type Clock } from '#kernel';
import { Endings, openServices } from '#main';
import { workspace } from './server.fixture.ts';

const MINUTE = 60_000;
const endings = new Endings();
const place = workspace();

afterEach(async () => {
  await endings.close(silentLogger);
  place.remove();
});

test('sessions and proofs end as the configuration says', async () => {
  let now = Date.UTC(2026, 10, 21);
  const clock: Clock = { now: () => now };
  const signIn = { browser: { idle: '6m', lifetime: '20m' }, commandLine: { idle: '7m' }, recentProof: '2m' };
  const settings = serverSchema.parse({ kind: 'server', signIn });
  const services = await openServices({ dataDir: place.dataDir, settings, clock, log: silentLogger, endings });
  const { sessions, verifier } = services.signIn();
  const { id: userId } = await services.users.insert(newId(now), {
    name: 'maria',
    profile: { displayName: 'Maria', email: '' },
  });
  const begin = async (kind: 'browser' | 'cli') =>
    await sessions.begin(
      { userId, kind, stage: 'active', amr: ['pwd', 'otp', 'mfa'], address: '', device: '' },
      async () => {},
    );
  const [browser, cli] = [await begin('browser'), await begin('cli')];
  expect(browser.session.expiresAt).toBe(now + 20 * MINUTE);
  const inBrowser = async () => await verifier.verifyCookie(reveal(browser.token));
  const onCommandLine = async () => await verifier.verify(`chs_${reveal(cli.token)}`);

  const verdict = await inBrowser();
  if (!verdict.ok) throw new Error(verdict.error.reason);
  const root: Principal = { ...verdict.value, grants: [{ role: 'admin', namespace: '*' }] };
  const erase = () => services.identity.check(root, 'user.erase', { namespace: '*' }, now);
  now += 2 * MINUTE;
  expect(erase).not.toThrow();
  now += 1;
  const details = expect.objectContaining({ maxAgeSeconds: 120 });
  expect(erase).toThrow(expect.objectContaining({ code: 'STEP_UP_REQUIRED', details }));

  now += 4 * MINUTE - 1;
  expect([(await inBrowser()).ok, (await onCommandLine()).ok]).toEqual([false, true]);
  now += 7 * MINUTE;
  expect((await onCommandLine()).ok).toBe(false);
});
