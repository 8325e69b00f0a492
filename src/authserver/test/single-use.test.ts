import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import { codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

/** What somebody may do next with what they have: use the newest token or an older one, at either process. */
const step = fc.record({
  what: fc.constantFrom('refresh-newest' as const, 'refresh-older' as const, 'redeem' as const, 'access' as const),
  at: fc.constantFrom(0 as const, 1 as const),
});

test.each(dialects)(
  'on %s, whatever is presented at which process: each code and refresh token works once, reuse ends the family, and nothing else does',
  async (dialect) => {
    const process = await startAuthorizationServer(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const at = [process, { url: other.own }] as const;
    const servers = [process.server, other.server] as const;
    const { browser } = await process.person('alice');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const verifier = newVerifier();
        const code = await codeFor(process, browser, verifier);
        const refreshTokens: string[] = [];
        let access = '';
        let redeemed = false;
        let alive = true;
        for (const { what, at: where } of steps) {
          const here = at[where];
          if (what === 'access') {
            // That it goes on is known at once; of an end see below.
            if (access === '' || !alive) continue;
            expect((await servers[where].verifier.verify(access)).ok).toBe(true);
            continue;
          }
          if (what === 'redeem') {
            const { status, body } = await redeem(here, code, verifier);
            expect(status).toBe(redeemed ? 400 : 200);
            if (redeemed) alive = false;
            else {
              redeemed = true;
              access = body['access_token'] as string;
              refreshTokens.push(body['refresh_token'] as string);
            }
            continue;
          }
          const [newest, older] = [refreshTokens.at(-1), refreshTokens.at(-2)];
          const token = what === 'refresh-newest' ? newest : older;
          if (token === undefined) continue;
          const { status, body } = await refresh(here, token);
          expect(status).toBe(alive && token === newest ? 200 : 400);
          if (token !== newest) alive = false;
          if (status === 200) {
            refreshTokens.push(body['refresh_token'] as string);
            access = body['access_token'] as string;
          }
        }
        if (alive || access === '') return;
        const ended = async () => {
          for (const { verifier: one } of servers) expect((await one.verify(access)).ok).toBe(false);
        };
        await vi.waitFor(ended, { timeout: 2000, interval: 50 });
      }),
      { numRuns: dialect === 'sqlite' ? 25 : 10 },
    );
  },
  120_000,
);
