/** Whatever an MCP server and its authorization server say of where things are, nobody is connected to who may not be (invariant 18). */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { EgressClient, egressRulesOf } from '#egress';
import { systemClock } from '#kernel';
import { forbiddenUrls, watchOutbound } from '../../../../../test/outbound.ts';
import { ServerDiscovery } from '../discovery.ts';
import { startScripted, type Strange } from './scripted-server.fixture.ts';

const RESOURCE_AT = '/.well-known/oauth-protected-resource/mcp';
const METADATA_AT = '/.well-known/oauth-authorization-server';

const redirecting = (path: string, to: string): Strange => ({
  before(request, response) {
    if (request.url !== path) return false;
    response.writeHead(307, { location: to }).end();
    return true;
  },
});

/** What names the address. */
const SAYING: Readonly<Record<string, (to: string) => Strange>> = {
  'the challenge': (to) => ({ challenge: `Bearer resource_metadata="${to}"` }),
  'the metadata of the server': (to) => ({ resource: { authorization_servers: [to] } }),
  'a redirect of these': (to) => redirecting(RESOURCE_AT, to),
  'a redirect of the next': (to) => redirecting(METADATA_AT, to),
  ...Object.fromEntries(
    ['authorization', 'token', 'registration', 'revocation'].map((name) => [
      `the ${name} endpoint`,
      (to: string): Strange => ({ metadata: { [`${name}_endpoint`]: to } }),
    ]),
  ),
};

test('SUP-004: discovery is refused, and connects to nothing that is not allowed, whatever a document names (invariant 18, property)', async () => {
  const scripted = await startScripted();
  const reach = { allowedIpRanges: ['127.0.0.1/32'], customBlockedIpRanges: [], allowPrivateNetworks: false };
  const server = scripted.document({}, { reach });
  const outbound = watchOutbound();
  onTestFinished(() => outbound.stop());
  const good = new ServerDiscovery({
    server,
    client: new EgressClient({ rules: egressRulesOf(reach) }),
    clock: systemClock,
  });
  await expect(good.current()).resolves.toBeDefined();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(SAYING)), forbiddenUrls, async (what, to) => {
      scripted.strange = SAYING[what]!(to);
      const client = new EgressClient({ rules: egressRulesOf(reach) });
      const discovery = new ServerDiscovery({ server, client, clock: systemClock });
      const outcome = await discovery.current().then(
        () => 'found',
        ({ code }: { readonly code?: string }) => code,
      );
      await client.close();
      expect([what, to, outcome]).toEqual([what, to, expect.stringMatching(/^(?:UPSTREAM_METADATA|EGRESS)_REFUSED$/)]);
      expect([what, to, new Set(outbound.tried)]).toEqual([what, to, new Set(['127.0.0.1'])]);
    }),
    { numRuns: 300 },
  );
}, 120_000);
