/** The key that signs tokens changes every few seconds under load (R1): nobody is refused, and no old token is orphaned. */
import { setTimeout as pause } from 'node:timers/promises';
import { judgeServed } from './judge.ts';
import { ask, keptAlive, SteadyLoad } from './load.ts';
import { Families, issuing, mcpCall } from './issuing.ts';
import { asJson, keyOf } from './place.ts';
import { holds, none, type Trial } from './trial.ts';

const ROTATIONS = { short: 3, long: 30 } as const;
const EVERY_MS = { short: 2_000, long: 10_000 } as const;
const FAMILIES = 12;
const REFRESHES_PER_SECOND = 6;
const CALLS_PER_SECOND = 20;

export const signingKeysTrial: Trial = {
  name: 'signing-keys',
  async run({ short }) {
    const size = short ? 'short' : 'long';
    return await issuing({ name: 'signing-keys' }, async ({ url, place, signIns }) => {
      const admin = await keyOf(place, 'admin');
      const families = new Families(await signIns(FAMILIES));
      const agent = keptAlive();
      const used = new Set<string>();
      const refreshes = new SteadyLoad(REFRESHES_PER_SECOND, () => families.refresh(url));
      const calls = new SteadyLoad(CALLS_PER_SECOND, () => {
        used.add(keyIn(families.newest));
        return ask(new URL('/mcp', url), mcpCall(families.newest), agent);
      });
      const published = async (): Promise<readonly string[]> => {
        const { text } = await ask(new URL('/.well-known/jwks.json', url));
        return (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
      };
      const step = async (name: string, body: object): Promise<void> => {
        const { status, text } = await ask(new URL(`/api/v1/signing-keys/${name}`, url), asJson(admin, body));
        if (status >= 300) throw new Error(`${name} of a signing key: ${status} ${text}`);
      };
      const unpublished: string[] = [];
      for (let done = 0; done < ROTATIONS[size]; done++) {
        const before = await published();
        await step('prepare', {});
        await pause(EVERY_MS[size]);
        // Whoever keeps a key set for as long as we say has the next key before it signs, and still the last one.
        const during = await published();
        if (during.length !== before.length + 1) unpublished.push(`${during.length} keys after ${before.length}`);
        await step('activate', { now: true });
        await step('retire', {});
        const after = await published();
        unpublished.push(...during.filter((kid) => !after.includes(kid)));
      }
      await pause(EVERY_MS[size]);
      await Promise.all([refreshes.stop(), calls.stop()]);
      agent.destroy();
      return [
        judgeServed(`refreshes during ${ROTATIONS[size]} rotations`, refreshes.samples),
        judgeServed('calls with the newest token', calls.samples),
        holds('each key signed what was called with', used.size === ROTATIONS[size] + 1, `${used.size} keys`),
        none('keys that are not published from before they sign until their tokens are over', unpublished),
      ];
    });
  },
};

const keyIn = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()) as { kid: string }).kid;
