import { expect, test } from 'vitest';
import { EgressClient, egressRulesOf } from '#egress';
import { systemClock, type ChatelaineError } from '#kernel';
import type { ProtectedServer } from '#contract';
import { MovedClock } from '../../../test/federation.fixture.ts';
import { ServerDiscovery } from '../discovery.ts';
import { serve } from '../../../../../test/http-server.ts';
import { startScripted, type ScriptedServer, type Strange } from './scripted-server.fixture.ts';

function discoveryOf(server: ProtectedServer, clock = systemClock): ServerDiscovery {
  return new ServerDiscovery({ server, client: new EgressClient({ rules: egressRulesOf(server.reach) }), clock });
}

async function refusalOf(strange: Strange, more: Partial<ProtectedServer> = {}): Promise<ChatelaineError> {
  const scripted = await startScripted(strange);
  return await discoveryOf(scripted.document({}, more))
    .current()
    .then(
      () => {
        throw new Error('nothing was refused');
      },
      (error: unknown) => error as ChatelaineError,
    );
}

const asked = ({ http }: ScriptedServer): readonly string[] => http.received.map(({ url }) => url);

test('SUP-004: authorization endpoints that are no https URL are refused, and never opened', async () => {
  for (const endpoint of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'http://auth.example/authorize',
    '$(touch /tmp/x)',
    'https://user:password@auth.example/authorize',
    'vscode://open',
  ]) {
    const refusal = await refusalOf({ metadata: { authorization_endpoint: endpoint } });
    expect([endpoint, refusal.code]).toEqual([endpoint, 'UPSTREAM_METADATA_REFUSED']);
    expect(refusal.message).toContain('`authorization_endpoint` of the authorization server metadata at `http');
    expect(refusal.message).not.toContain(endpoint);
  }
});

test('SUP-004: endpoints on private ranges are refused before anything is sent there', async () => {
  const fields = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint'];
  for (const field of fields) {
    const metadata = { [field]: 'https://10.0.0.7/steal' };
    const reach = { allowedIpRanges: ['127.0.0.1/32'], customBlockedIpRanges: [], allowPrivateNetworks: false };
    const refusal = await refusalOf({ metadata }, { reach });
    expect([field, refusal.code, refusal.message]).toEqual([
      field,
      'UPSTREAM_METADATA_REFUSED',
      expect.stringContaining('leads where requests may not go'),
    ]);
  }
});

test('SUP-004: metadata on a private range is not fetched, wherever a challenge or a document names it', async () => {
  await using inside = await serve((_, response) => response.end());
  const elsewhere = inside.url.replace('127.0.0.1', '127.0.0.2');
  const reach = { allowedIpRanges: ['127.0.0.1/32'], customBlockedIpRanges: [], allowPrivateNetworks: false };
  for (const strange of [
    { challenge: `Bearer resource_metadata="${elsewhere}/x"` },
    { resource: { authorization_servers: [elsewhere] } },
  ])
    expect((await refusalOf(strange, { reach })).code).toBe('UPSTREAM_METADATA_REFUSED');
  expect(inside.connections()).toBe(0);
});

test('SUP-004: a document that redirects to another origin is not followed', async () => {
  await using elsewhere = await serve((_, response) => response.end('{}'));
  for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-authorization-server']) {
    const refusal = await refusalOf({
      before(request, response) {
        if (request.url !== path) return false;
        response.writeHead(302, { location: `${elsewhere.url}${path}` }).end();
        return true;
      },
    });
    expect(refusal.code).toBe('EGRESS_REFUSED');
  }
  expect(elsewhere.connections()).toBe(0);
});

test.each<[string, Strange, RegExp]>([
  ['another issuer (RFC 8414 §3.3)', { metadata: { issuer: 'https://other.example' } }, /`issuer` is another/],
  ['the issuer with a slash more', { metadata: { issuer: 'http://127.0.0.1/' } }, /`issuer` is another/],
  ['no word of PKCE', { metadata: { code_challenge_methods_supported: undefined } }, /does not announce `S256`/],
  ['plain PKCE alone', { metadata: { code_challenge_methods_supported: ['plain'] } }, /does not announce `S256`/],
  ['no code', { metadata: { response_types_supported: ['token'] } }, /has no `code`/],
  ['no token endpoint', { metadata: { token_endpoint: undefined } }, /lacks or garbles `token_endpoint`/],
  [
    'another resource (RFC 9728 §3.3)',
    { resource: { resource: 'https://other.example/mcp' } },
    /`resource` is another/,
  ],
  ['a sibling as the resource', { resource: { resource: 'http://127.0.0.1:1/mcp' } }, /`resource` is another/],
  ['no authorization server', { resource: { authorization_servers: [] } }, /lacks or garbles `authorization_servers`/],
  ['no metadata where it is said to be', { metadataAt: undefined }, /it is there no more/],
  ['no document where the challenge says', { challenge: 'Bearer resource_metadata="{url}/no"' }, /it is not there/],
])('%s is refused with the document and the reason', async (_, strange, why) => {
  const refusal = await refusalOf(strange);
  expect(refusal.code).toBe('UPSTREAM_METADATA_REFUSED');
  expect(refusal.message).toMatch(why);
  expect(refusal.message).toMatch(/metadata at `http:\/\/127\.0\.0\.1:\d+\//);
});

test('a document without end is read to 128 KiB, and refused', async () => {
  const refusal = await refusalOf({
    before(request, response) {
      if (request.url !== '/.well-known/oauth-protected-resource/mcp') return false;
      response.writeHead(200).end(' '.repeat(300_000));
      return true;
    },
  });
  expect(refusal.message).toContain('larger than 128 KiB');
});

test.each<[string, Strange, readonly string[]]>([
  [
    'the challenge says where the resource metadata is',
    { resourceAt: '/somewhere' },
    ['/somewhere', '/.well-known/oauth-authorization-server'],
  ],
  [
    'without a challenge the path is inserted, and then the root is asked',
    { challenge: 'Bearer', resourceAt: '/.well-known/oauth-protected-resource' },
    [
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-authorization-server',
    ],
  ],
  [
    'an issuer with a path: RFC 8414, OpenID Connect inserted, OpenID Connect appended',
    { issuerPath: '/tenant', metadataAt: '/tenant/.well-known/openid-configuration' },
    [
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server/tenant',
      '/.well-known/openid-configuration/tenant',
      '/tenant/.well-known/openid-configuration',
    ],
  ],
])('%s', async (_, strange, places) => {
  const scripted = await startScripted(strange);
  const found = await discoveryOf(scripted.document()).current();
  expect(found.authorizationServer.token_endpoint).toBe(`${scripted.url}/token`);
  expect(asked(scripted)).toEqual(['/mcp', ...places]);
});

test('a server of before RFC 9728 has metadata at its origin, or endpoints where they then were', async () => {
  const old = { challenge: 'Bearer', resourceAt: undefined };
  const withMetadata = await discoveryOf((await startScripted(old)).document()).current();
  expect(withMetadata.resource).toBeUndefined();
  const scripted = await startScripted({ ...old, metadataAt: undefined });
  const { authorizationServer } = await discoveryOf(scripted.document()).current();
  expect(authorizationServer).toMatchObject({
    issuer: scripted.url,
    authorization_endpoint: `${scripted.url}/authorize`,
    token_endpoint: `${scripted.url}/token`,
    registration_endpoint: `${scripted.url}/register`,
  });
});

test('a hundred who wait are one discovery; it is kept as long as its headers say, an hour at the most', async () => {
  const clock = new MovedClock();
  const scripted = await startScripted({
    before(_, response) {
      response.setHeader('cache-control', 'max-age=86400');
      return false;
    },
  });
  const discovery = discoveryOf(scripted.document(), clock);
  await Promise.all(Array.from({ length: 100 }, () => discovery.current()));
  clock.advance(59 * 60_000);
  await discovery.current();
  expect(asked(scripted)).toHaveLength(3);
  clock.advance(2 * 60_000);
  await discovery.current();
  expect(asked(scripted)).toHaveLength(6);
});

test('while nobody answers what was good goes on; what is wrong does not', async () => {
  const clock = new MovedClock();
  const scripted = await startScripted();
  const discovery = discoveryOf(scripted.document(), clock);
  await discovery.current();
  scripted.strange = {
    before(_, response) {
      response.writeHead(503).end();
      return true;
    },
  };
  clock.advance(10_000);
  expect((await discovery.current()).resource).toBe(`${scripted.url}/mcp`);
  scripted.strange = { resource: { resource: 'https://other.example' } };
  clock.advance(10_000);
  await expect(discovery.current()).rejects.toMatchObject({ code: 'UPSTREAM_METADATA_REFUSED' });
});

test('a client that is registered at one issuer is shown to no other', async () => {
  const scripted = await startScripted();
  const auth = { clientId: 'desk', clientSecret: 'x'.repeat(20), issuer: 'https://auth.example' };
  await expect(discoveryOf(scripted.document(auth)).current()).rejects.toMatchObject({
    code: 'UPSTREAM_METADATA_REFUSED',
    message: expect.stringContaining('another authorization server than `https://auth.example`') as string,
  });
});
