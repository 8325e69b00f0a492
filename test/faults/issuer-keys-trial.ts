/** An issuer changes its keys, and somebody invents names of keys (R4). */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AUDIENCE, signingKey, startIssuer } from '../issuer.ts';
import { clockOf, shiftClock } from './inside.ts';
import { counted, judgeServed } from './judge.ts';
import { keptAlive, SteadyLoad } from './load.ts';
import { callTool, openFolder, serving } from './place.ts';
import { holds, type Trial } from './trial.ts';

const PER_SECOND = 15;
const BEFORE_MS = 3_000;
const FLOOD_PER_SECOND = 40;
const FLOOD_MS = { short: 4_000, long: 65_000 } as const;
/** Keys are fetched again for a name that nobody knows at most so often. */
const PAUSE_MS = 30_000;

export const issuerKeysTrial: Trial = {
  name: 'issuer-keys',
  async run({ short }) {
    const issuer = await startIssuer();
    const folder = openFolder('issuer-keys');
    try {
      const service = `kind: authService\nname: corporate\ntype: generic\naudience: ${AUDIENCE}\nauthorizationServer: ${issuer.url}\nmcpEnabled: true\n---\n`;
      const clock = join(folder.path, 'clock');
      const place = { config: folder.configure({}, service), dataDir: join(folder.path, 'data'), env: clockOf(clock) };
      return await serving(place, async ({ url }) => {
        const agent = keptAlive();
        const old = await issuer.token();
        const holders = new SteadyLoad(PER_SECOND, () => callTool(url, old, 'city', { id: 1 }, agent));
        await pause(BEFORE_MS);
        // The keys have just been fetched; an issuer changes them later than that.
        await shiftClock(clock, PAUSE_MS + 1_000);
        const next = signingKey();
        issuer.keys = [...issuer.keys, next];
        const first = await callTool(url, await issuer.token({}, { key: next }), 'city', { id: 1 }, agent);
        const second = await callTool(url, await issuer.token({}, { key: next }), 'city', { id: 1 }, agent);
        const fetchedBefore = issuer.asked('/keys').length;
        const strange = signingKey();
        let inventions = 0;
        const tokens = await Promise.all(
          Array.from({ length: 50 }, () =>
            issuer.token({}, { key: strange, header: { kid: `invented-${inventions++}` } }),
          ),
        );
        const floodMs = FLOOD_MS[short ? 'short' : 'long'];
        const flood = new SteadyLoad(FLOOD_PER_SECOND, (count) =>
          callTool(url, tokens[count % tokens.length] as string, 'city', { id: 1 }, agent),
        );
        await pause(floodMs);
        await flood.stop();
        await holders.stop();
        agent.destroy();
        const fetched = issuer.asked('/keys').length - fetchedBefore;
        const most = 1 + Math.floor(floodMs / PAUSE_MS);
        const refused = flood.samples.every(({ status }) => status === 401 || status === 429);
        return [
          holds(
            'the first token with the new key is taken',
            first.status === 200,
            `${first.status} ${first.code ?? ''}`,
          ),
          holds('and the next', second.status === 200, String(second.status)),
          holds('tokens with keys that were invented are refused', refused, counted(flood.samples)),
          holds(`keys fetched in ${floodMs / 1000} s of them, at most ${most}`, fetched <= most, String(fetched)),
          judgeServed('calls with a token of the old key', holders.samples),
        ];
      });
    } finally {
      await issuer[Symbol.asyncDispose]();
      folder.remove();
    }
  },
};
