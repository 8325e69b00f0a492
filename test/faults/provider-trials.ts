/**
 * The identity provider is down, says nothing, or says nonsense (D3): who would sign in there is told soon and clearly,
 * who has a token goes on, and nobody else notices. That a hundred
 * who want the same token of a provider are one refresh, and that a provider that stumbles ends no grant, is tried by
 * `authserver/grants/test/refresh.test.ts`, and by `npm run bench -- --only exchange` at the internal listener.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Seen } from '../browser.ts';
import { AUDIENCE, startIssuer, type TestIssuer, type Trouble } from '../issuer.ts';
import { freePort } from '../loopback.ts';
import { formsOf, Surfer } from '../surfer.ts';
import { judgeKept, type Around } from './judge.ts';
import { around, keptAlive, SteadyLoad } from './load.ts';
import { startNeighbour, type Neighbour } from './neighbour.ts';
import { callTool, keyOf, openFolder, serving } from './place.ts';
import { holds, none, timely, type Trial, type Verdict } from './trial.ts';

const PER_SECOND = 15;
const BEFORE_MS = 4_000;
const FAULT_MS = { short: 4_000, long: 30_000 } as const;
const SIGN_INS = 3;
const FAIL_MS = 10_000;
/** A fifth more than before is what is asked for; below some milliseconds a shared machine decides. */
const TOLERANCE = { factor: 1.2, leastMs: 50 };

interface Fault {
  readonly name: string;
  readonly trouble: Trouble;
}

const faults: readonly Fault[] = [
  { name: 'provider-down', trouble: (request) => void request.socket.destroy() },
  { name: 'provider-stalled', trouble: () => undefined },
  {
    name: 'provider-garbage',
    trouble: (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"<html>": ['),
  },
];

const PATHS = ['/.well-known/openid-configuration', '/keys', '/token', '/introspection'];

const upstream = (issuer: TestIssuer, secret: string): string => `kind: upstream
name: company
type: oidc
displayName: The company
issuer: ${issuer.url}
clientId: chatelaine
clientSecret: ${secret}
allowPrivateNetworks: true
---
`;

const service = (issuer: TestIssuer): string => `kind: authService
name: corporate
type: generic
audience: ${AUDIENCE}
authorizationServer: ${issuer.url}
mcpEnabled: true
---
`;

async function provider(): Promise<TestIssuer> {
  const issuer = await startIssuer();
  issuer.configuration = {
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
  };
  return issuer;
}

const trial = ({ name, trouble }: Fault): Trial => ({
  name,
  async run({ short }) {
    const known = await provider();
    const folder = openFolder(name);
    try {
      const port = await freePort();
      const url = new URL(`http://127.0.0.1:${port}`);
      const more = upstream(known, folder.secret('client', 'of the client, and long enough for one')) + service(known);
      const config = folder.configure({ publicUrl: url.origin }, more);
      const place = { config, dataDir: join(folder.path, 'data'), port };
      const key = await keyOf(place);
      const token = await known.token();
      return await serving(place, async () => {
        const agent = keptAlive();
        const neighbour = await startNeighbour();
        const holders = new SteadyLoad(PER_SECOND, () => callTool(url.origin, token, 'city', { id: 1 }, agent));
        const others = new SteadyLoad(PER_SECOND, () => callTool(url.origin, key, 'city', { id: 1 }, agent));
        // What the first sign-in loads holds up everybody, and is not the provider's doing.
        await comeBack(await begin(url));
        const begun = await Promise.all(Array.from({ length: SIGN_INS }, () => begin(url)));
        await pause(1_000);
        const since = performance.now();
        await pause(BEFORE_MS);
        const struckAt = performance.now();
        for (const path of PATHS) known.trouble.set(path, trouble);
        const [failed] = await Promise.all([
          Promise.all(begun.map((sign) => comeBack(sign))),
          pause(FAULT_MS[short ? 'short' : 'long']),
        ]);
        const mendedAt = performance.now();
        known.trouble.clear();
        const again = await begin(url);
        await Promise.all([holders.stop(), others.stop(), neighbour.stop()]);
        agent.destroy();
        const seen = ({ samples }: Pick<Neighbour, 'samples'>): Around => around(samples, since, struckAt, mendedAt);
        const kept = (what: string, load: SteadyLoad): readonly Verdict[] =>
          judgeKept(what, seen(load), TOLERANCE, seen(neighbour));
        return [
          ...judgeSignIns(failed),
          ...kept('calls with a token issued before', holders),
          ...kept('calls of others', others),
          holds('and then people are sent there again', again.state !== '', again.state === '' ? 'no' : 'yes'),
        ];
      });
    } finally {
      await known[Symbol.asyncDispose]();
      folder.remove();
    }
  },
});

export const providerTrials: readonly Trial[] = faults.map(trial);

interface Begun {
  readonly surfer: Surfer;
  /** With which the person comes back from the provider. */
  readonly state: string;
}

/** Presses the button, and is sent to the provider. */
async function begin(url: URL): Promise<Begun> {
  const surfer = new Surfer({ own: url, url });
  const page = await surfer.browser.follow('/console/sign-in');
  const form = formsOf(page.text).find(({ fields }) => fields['provider'] !== undefined);
  if (form === undefined) throw new Error(`no provider to sign in at: ${page.status} ${page.text.slice(0, 2000)}`);
  const away = await surfer.browser.post(form.action, form.fields);
  const to = /^0; url=(.+)$/.exec(away.headers.get('refresh') ?? '')?.[1] ?? away.to ?? '';
  return { surfer, state: URL.parse(to)?.searchParams.get('state') ?? '' };
}

interface Failed {
  readonly ms: number;
  readonly page: Seen;
}

/** As if the provider had sent the person back: the code is redeemed there. */
async function comeBack({ surfer, state }: Begun): Promise<Failed> {
  const since = performance.now();
  const page = await surfer.browser.follow(`/oauth/callback/company?${new URLSearchParams({ code: 'a-code', state })}`);
  return { ms: performance.now() - since, page };
}

function judgeSignIns(failed: readonly Failed[]): readonly Verdict[] {
  const slowest = Math.round(Math.max(...failed.map(({ ms }) => ms)));
  const unclear = failed.filter(
    ({ page }) => ![502, 503].includes(page.status) || !/identity provider did not answer/.test(page.text),
  );
  return [
    timely(`sign-ins fail within ${FAIL_MS} ms`, slowest <= FAIL_MS, `${slowest} ms at most`),
    none(
      `sign-ins that do not say that it is the provider, and to come again, of ${failed.length}`,
      unclear.map(
        ({ page }) => `${page.status} ${/role="alert">([^<]*)/.exec(page.text)?.[1] ?? page.text.slice(0, 200)}`,
      ),
    ),
  ];
}
