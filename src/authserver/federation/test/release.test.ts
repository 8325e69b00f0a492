import { describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { endTokenSessions } from '../../store/token-sessions-store.ts';
import { callbackOf, companyOf, OWNER, signedIn, startFederation } from '../../test/federation.fixture.ts';
import { TokenSessions } from '../../token-sessions/token-sessions.ts';
import { Release } from '../release.ts';

const HOUR = 3600_000;
const upstream = 'company';

describe.each(dialects)('grants that nobody needs, on %s', (dialect) => {
  async function start() {
    const idp = await startCompanyIdp({ redirectUris: [callbackOf(upstream)] });
    const federation = await startFederation(dialect, () => [companyOf(idp)]);
    const { database, clock, grants } = federation;
    const { userId } = await signedIn(federation);
    const sessions = new TokenSessions({ database, clock, idleSeconds: 2 * 86_400 });
    const release = new Release({ grants, sessions, clock, log: silentLogger });
    const begin = (owner = OWNER, upstreams: readonly string[] = [upstream]) =>
      sessions.begin({
        ...{ id: sessions.newId(), userId, owner, upstreams, scopes: [] },
        ...{ clientId: 'c1', clientName: 'c1', resource: 'https://a.example' },
      });
    const left = async () => {
      await release.sweep();
      return (await grants.list({ userId })).length;
    };
    /** As another process, or a command, ends it: nobody here is told. */
    const endElsewhere = (because: string) => endTokenSessions(database.db, { userId }, { now: clock.now(), because });
    return { idp, federation, clock, userId, sessions, release, begin, left, endElsewhere };
  }

  test('a sign-in that leads to nothing keeps its tokens for the hour that it may take, and no longer', async () => {
    const { idp, clock, left } = await start();
    expect(await left()).toBe(1);
    clock.advance(HOUR - 60_000);
    expect(await left()).toBe(1);
    clock.advance(120_000);
    expect(await left()).toBe(0);
    expect(idp.requests).toContain('POST /token/revocation');
  });

  test('what a session was allowed to use stays until it ends or expires', async () => {
    const { clock, begin, left, endElsewhere } = await start();
    await begin();
    clock.advance(40 * HOUR);
    expect(await left()).toBe(1);
    await endElsewhere('disabled');
    expect(await left()).toBe(0);
  });

  test('a session that expired has ended', async () => {
    const { clock, begin, left } = await start();
    await begin();
    clock.advance(49 * HOUR);
    expect(await left()).toBe(0);
  });

  test('a session with another owner keeps nothing', async () => {
    const { clock, begin, left } = await start();
    await begin('everyone/else');
    clock.advance(2 * HOUR);
    expect(await left()).toBe(0);
  });

  test('a restore ends sessions and not what people had linked', async () => {
    const { clock, begin, left, endElsewhere } = await start();
    await begin();
    await endElsewhere('restore');
    clock.advance(2 * HOUR);
    expect(await left()).toBe(1);
  });

  test('with the session that was allowed an upstream its tokens go, though another goes on that was not', async () => {
    const { federation, userId, sessions, release, begin } = await start();
    await begin();
    await begin(OWNER, []);
    const allowed = (await sessions.list(userId)).find(({ upstreams }) => upstreams.length === 1);
    await sessions.end({ id: allowed?.id ?? '' }, 'test');
    const rest = (await sessions.list(userId)).map(({ upstreams }) => upstreams);
    await release.close();
    expect([rest, await federation.grants.list({ userId })]).toEqual([[[]], []]);
  });
});
