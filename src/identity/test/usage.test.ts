import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { idOf, startIdentity, startIdentityOn, type StartIdentity } from './identity.fixture.ts';
import { root } from './people.fixture.ts';

describe.each(dialects)('%s', (dialect) => {
  const startIdentity: StartIdentity = (...args) => startIdentityOn(dialect, ...args);

  test('the first use is written behind the answer, later ones at most once a minute, the last at closing', async () => {
    const { clock, identity, issue, statements, verdict } = await startIdentity();
    const key = await issue();
    const lastUsed = async () => (await identity.keys.list())[0]?.lastUsedAt;

    expect(await statements(() => verdict(key))).toBe(1);
    const firstUse = clock.now();
    await vi.waitFor(async () => expect(await lastUsed()).toBe(firstUse));

    const written = await statements(async () => {
      for (let second = 0; second < 59; second++) {
        clock.advance(1000);
        await verdict(key);
        await new Promise(setImmediate);
      }
    });
    // A server tells everybody of a new key, its maker too, who looks it up once more.
    expect(written).toBeLessThanOrEqual(dialect === 'sqlite' ? 0 : 1);

    await identity.close();
    expect(await lastUsed()).toBe(clock.now());
  });

  test('uses in another process neither go back in time nor are forgotten', async () => {
    const here = await startIdentity();
    const there = await startIdentity(here);
    const key = await here.issue();
    await here.verdict(key);
    here.clock.advance(5000);
    await there.verdict(key);
    await there.identity.close();
    await here.identity.close();
    expect((await here.identity.keys.list())[0]?.lastUsedAt).toBe(here.clock.now());
  });

  test('a refused key was not used', async () => {
    const { identity, issue, verdict } = await startIdentity();
    const key = await issue();
    await identity.keys.revoke(root, idOf(key));
    await verdict(key);
    await identity.close();
    expect((await identity.keys.list())[0]?.lastUsedAt).toBeNull();
  });

  test('when the last use cannot be written, callers do not notice', async () => {
    const { database, identity, issue, verdict } = await startIdentity();
    const key = await issue();
    expect(await verdict(key)).toBe('claude');
    await database.close();
    await expect(identity.close()).resolves.toBeUndefined();
  });
});

test('a thousand uses arm one timer', async () => {
  const { issue, identity, verdict } = await startIdentity();
  const key = await issue();
  const arming = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => arming.mockRestore());
  for (let use = 0; use < 1000; use++) await verdict(key);
  expect(arming).toHaveBeenCalledTimes(1);
  await identity.close();
});
