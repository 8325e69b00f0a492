/**
 * Clocks that differ, and a clock that jumps under load (D5): half a minute is borne, five minutes are not, and nothing
 * that is over comes back. The clock is that of the server's process (`inside.mjs`).
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readAudit } from '../crash/audit-report.ts';
import { AUDIENCE, startIssuer } from '../issuer.ts';
import type { Answer } from './judge.ts';
import { clockOf, shiftClock } from './inside.ts';
import { counted } from './judge.ts';
import { ask, SteadyLoad } from './load.ts';
import { issuing, mcpCall, redeeming, refreshing, tokensIn, type Issuing } from './issuing.ts';
import { callTool, keyOf } from './place.ts';
import { goal, holds, none, type Trial, type Verdict } from './trial.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PER_SECOND = 10;

export const clockTrial: Trial = {
  name: 'clock',
  async run() {
    const issuer = await startIssuer();
    const service = `kind: authService\nname: corporate\ntype: generic\naudience: ${AUDIENCE}\nauthorizationServer: ${issuer.url}\nmcpEnabled: true\n---\n`;
    let clock = '';
    const options = {
      name: 'clock',
      more: service,
      server: {
        authorizationServer: { lifetimes: { accessToken: '5m', authorizationCode: '2m', refreshToken: '1h' } },
      },
      env: ({ path }: { readonly path: string }) => clockOf((clock = join(path, 'clock'))),
    };
    try {
      return await issuing(options, async ({ server, url, place, code, signIns }) => {
        const key = await keyOf(place);
        const verdicts: Verdict[] = [];
        const status = async (token: string): Promise<number> => (await callTool(server.url, token)).status;
        // Their clock is right, and ours is not.
        for (const [ms, expected] of [
          [-28_000, 200],
          [28_000, 200],
          [-5 * MINUTE, 401],
          [5 * MINUTE, 401],
        ] as const) {
          await shiftClock(clock, ms);
          const now = Math.floor(Date.now() / 1000);
          // One that has just been issued, and one that ends this moment.
          const made = await issuer.token(ms < 0 ? { iat: now, nbf: now } : { iat: now - 600, exp: now + 1 });
          const seen = await status(made);
          verdicts.push(
            holds(
              `a token of an issuer whose clock is ${-ms / 1000} s from ours gets ${expected}`,
              seen === expected,
              String(seen),
            ),
          );
        }
        verdicts.push(...(await jumps({ url, clock, code, signIns })));
        await shiftClock(clock, 0);

        const load = new SteadyLoad(PER_SECOND, () => callTool(server.url, key));
        for (const ms of [HOUR, 0, -HOUR, 0]) {
          await pause(1_000);
          await shiftClock(clock, ms);
        }
        await pause(1_000);
        await load.stop();
        const wrong = load.samples.filter(({ status: answered }) => answered !== 200);
        const alive = await ask(new URL('/readyz', server.url));
        const exit = await server.stop();
        const audit = await readAudit(place.dataDir);
        return [
          ...verdicts,
          none(
            `calls with a key that failed meanwhile, of ${load.samples.length}`,
            wrong.length === 0 ? [] : [counted(wrong)],
          ),
          holds('it is ready', alive.status === 200, String(alive.status)),
          holds('it ends with 0', exit === 0, String(exit)),
          holds('the chain verifies', audit.ok, audit.findings[0] ?? `${audit.records.length} records`),
        ];
      });
    } finally {
      await issuer[Symbol.asyncDispose]();
    }
  },
};

/**
 * Everything is issued an hour and a minute ago, and is over now; some of it was tried since. Then the clock is an hour
 * behind: by its word all of it has just been issued.
 */
async function jumps({ url, clock, code, signIns }: Jumping): Promise<readonly Verdict[]> {
  const open = (token: string): Promise<Answer> => ask(new URL('/mcp', url), mcpCall(token));
  await shiftClock(clock, -HOUR - MINUTE);
  const [used, tried, untried] = [await code(), await code(), await code()];
  const first = tokensIn(await redeeming(url, used));
  const [triedFamily, untriedFamily] = (await signIns(2)) as [typeof first, typeof first];
  const { status } = await open(first.accessToken);
  await shiftClock(clock, 0);
  const over: Verdict[] = [
    holds('an access token counts', status === 200, String(status)),
    refused('a jump of an hour ahead: a code that is over', await redeeming(url, tried)),
    refused('a jump of an hour ahead: an access token that is over', await open(first.accessToken)),
    refused('a jump of an hour ahead: a refresh token that is over', await refreshing(url, triedFamily.refreshToken)),
  ];
  await shiftClock(clock, -HOUR);
  return [
    ...over,
    refused('an hour back: a code that was used', await redeeming(url, used)),
    refused('an hour back: a code that was refused as over', await redeeming(url, tried)),
    goal(refused('an hour back: a code that was over and that nobody tried', await redeeming(url, untried))),
    goal(refused('an hour back: an access token that was refused as over', await open(first.accessToken))),
    goal(
      refused(
        'an hour back: an access token that was over and that nobody tried',
        await open(untriedFamily.accessToken),
      ),
    ),
    refused('an hour back: a refresh token that was refused as over', await refreshing(url, triedFamily.refreshToken)),
    goal(
      refused(
        'an hour back: a refresh token that was over and that nobody tried',
        await refreshing(url, untriedFamily.refreshToken),
      ),
    ),
  ];
}

interface Jumping extends Pick<Issuing, 'url' | 'code' | 'signIns'> {
  /** The file that the server's clock follows. */
  readonly clock: string;
}

const refused = (what: string, { status, code }: Answer): ReturnType<typeof holds> =>
  holds(`${what} is refused`, status === 400 || status === 401, `${status} ${code ?? ''}`);
