import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { oauthClientSchema, type OAuthClientCommon, type SecretReader } from '#contract';
import { randomToken, Secret, silentLogger } from '#kernel';
import {
  ClientDirectory,
  ClientRegistrar,
  compareClientSecret,
  displayOf,
  DocumentResolver,
  guardedFetch,
  mayRedirectTo,
  REGISTRATION_SETTINGS,
  securityDigest,
  type OAuthClient,
} from '../clients/index.ts';
import { startProcess } from './authserver.fixture.ts';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const SECRET = randomToken();
const document = (fields: object): OAuthClientCommon =>
  oauthClientSchema.parse({ kind: 'client', name: 'app', clientId: 'app', ...fields });
const WEB = { redirectUris: ['https://app.example/cb'] };

const noSecrets: SecretReader = { read: async () => expect.unreachable('no secret is asked for') };

async function directoryOf(documents: readonly OAuthClientCommon[], secrets: SecretReader = noSecrets) {
  const process = await startProcess('sqlite');
  const settings = { ...REGISTRATION_SETTINGS, confidential: true };
  const served = new Map<string, object>();
  const resolver = new DocumentResolver({
    egress: {
      request: async ({ url }) => ({
        ...{ status: served.has(url.href) ? 200 : 404, truncated: false, url },
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(served.get(url.href) ?? {})),
      }),
    },
    ...{ clock: process.clock, log: silentLogger, settings: { baselineScopes: [] } },
  });
  return {
    ...process,
    publish: (url: string, members: object) => void served.set(url, { client_id: url, ...members }),
    registrar: new ClientRegistrar({
      frame: process.frame,
      settings,
      endpoint: new URL('https://as.test/oauth/register'),
    }),
    directory: new ClientDirectory({
      ...{ database: process.database, clock: process.clock, secrets, registration: settings, documents: resolver },
      declared: () => documents,
    }),
  };
}

/** As much of oidc-provider, which has no types, as is asked here. */
interface Provider {
  readonly Client: {
    find(
      id: string,
    ): Promise<{ clientId: string; clientName?: string; redirectUriAllowed(uri: string): boolean } | undefined>;
  };
  registerGrantType(name: string, handler: () => Promise<void>, parameters: readonly string[]): void;
}

/** By a name that the compiler does not follow. */
const UNTYPED: string = 'oidc-provider';

/** oidc-provider as it reads clients, over the directory. */
async function providerOver(directory: ClientDirectory): Promise<Provider> {
  const { Provider } = (await import(UNTYPED)) as {
    Provider: new (issuer: string, configuration: object) => Provider;
  };
  class Adapter {
    async find(id: string): Promise<Record<string, unknown> | undefined> {
      return await directory.findClient(id);
    }
  }
  const configuration = {
    adapter: Adapter,
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    jwks: {
      keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      mTLS: { enabled: true, tlsClientAuth: true, certificateBoundAccessTokens: true, getCertificate: () => undefined },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
    },
  };
  const provider = new Provider('https://as.test', configuration);
  for (const grant of [
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
  ]) {
    provider.registerGrantType(grant, async () => {}, []);
  }
  return provider;
}

describe('oidc-provider takes what the directory gives', () => {
  it.each([
    ['a public web client', WEB],
    ['a native client', { redirectUris: ['http://127.0.0.1/cb', 'com.example.app:/cb', 'https://app.example/cb'] }],
    ['one with a secret', { ...WEB, tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: SECRET }],
    ['one with public keys', { ...WEB, tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } }],
    [
      'one with a URL of them',
      { ...WEB, tokenEndpointAuthMethod: 'private_key_jwt', jwksUri: 'https://app.example/jwks.json' },
    ],
    [
      'one with a certificate',
      {
        grantTypes: ['client_credentials'],
        tokenEndpointAuthMethod: 'tls_client_auth',
        certificate: { sanUri: 'spiffe://td/a' },
        tlsClientCertificateBoundAccessTokens: true,
      },
    ],
    ['one for devices', { grantTypes: ['device_code', 'refresh_token'], tokenEndpointAuthMethod: 'none' }],
    [
      'one that exchanges',
      {
        grantTypes: ['token-exchange', 'jwt-bearer'],
        tokenEndpointAuthMethod: 'private_key_jwt',
        jwks: { keys: [jwk] },
      },
    ],
    ['one with DPoP and PAR', { ...WEB, dpopBoundAccessTokens: true, requirePushedAuthorizationRequests: true }],
  ])('%s of the configuration', async (_, fields) => {
    const { directory } = await directoryOf([document(fields)]);
    const client = await (await providerOver(directory)).Client.find('app');
    expect(client?.clientId).toBe('app');
    expect(client?.clientName).toBe('app');
  });

  it('one that registered itself, public and confidential', async () => {
    const { directory, registrar } = await directoryOf([]);
    const provider = await providerOver(directory);
    for (const [token_endpoint_auth_method, redirect] of [
      ['none', 'http://localhost:6274/oauth/callback'],
      ['client_secret_post', 'https://c1.test/cb'],
    ] as const) {
      const by = {
        origin: { door: 'oauth', actor: { kind: 'anonymous', iss: 'c', sub: 'a', name: 'a' } },
        address: undefined,
      } as const;
      const answer = await registrar.register(by, { redirect_uris: [redirect], token_endpoint_auth_method });
      const client = await provider.Client.find(answer['client_id'] as string);
      expect(client).toMatchObject({ tokenEndpointAuthMethod: token_endpoint_auth_method, redirectUris: [redirect] });
      if (token_endpoint_auth_method === 'none')
        expect(client?.redirectUriAllowed('http://localhost:51004/oauth/callback')).toBe(true);
    }
  });

  it('one of a document; and of one that is refused only its developer learns why', async () => {
    const { directory, publish } = await directoryOf([]);
    const provider = await providerOver(directory);
    publish('https://app.test/c.json', { client_name: 'App', redirect_uris: ['https://app.test/cb'] });
    expect(await provider.Client.find('https://app.test/c.json')).toMatchObject({
      clientName: 'App',
      tokenEndpointAuthMethod: 'none',
    });
    publish('https://bad.test/c.json', { redirect_uris: [] });
    expect(await provider.Client.find('https://bad.test/c.json')).toBeUndefined();
    expect(await directory.refusalOf('https://bad.test/c.json')).toMatch(/redirect_uris/);
    expect(await directory.refusalOf('nobody')).toBeUndefined();
  });
});

test('oidc-provider and this module agree on where codes may go, for every kind of client', async () => {
  const uris = ['http://127.0.0.1/cb', 'https://app.example/cb'];
  const { directory } = await directoryOf([document({ redirectUris: uris })]);
  const [client, ours] = [
    await (await providerOver(directory)).Client.find('app'),
    (await directory.find('app')) as OAuthClient,
  ];
  for (const [presented, allowed] of [
    ['http://127.0.0.1:51004/cb', true],
    ['https://app.example/cb', true],
    ['https://app.example:444/cb', false],
    ['http://localhost:51004/cb', false],
    ['http://127.0.0.1:51004/cb/../x', false],
  ] as const) {
    expect([client?.redirectUriAllowed(presented), ours && mayRedirectTo(ours, presented)]).toEqual([allowed, allowed]);
  }
});

test('no client is found under a name of another kind, and none under too long a one', async () => {
  const { directory } = await directoryOf([document(WEB)]);
  for (const id of [
    'dyn_00000000000000000000000000',
    'dyn_x',
    'https://app.example/c.json',
    'APP',
    'app ',
    '',
    'x'.repeat(1_000_000),
  ]) {
    expect(await directory.find(id)).toBeUndefined();
  }
  expect(await directory.find('app')).toMatchObject({ origin: 'declared' });
});

test('a secret of the vault is read at each use, so that its rotation holds at once; without it there is no client', async () => {
  let text = 'first';
  const secrets: SecretReader = {
    read: async () => {
      if (text === '') throw new Error('the vault is gone');
      return { material: { kind: 'password', password: new Secret(text) }, version: '1', endsAt: undefined };
    },
  };
  const { directory } = await directoryOf(
    [document({ ...WEB, tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: 'secret://default/app' })],
    secrets,
  );
  const counts = async (presented: string): Promise<boolean> =>
    compareClientSecret((await directory.findClient('app'))?.['client_secret'] as string, presented);
  expect(await counts('first')).toBe(true);
  text = 'second';
  expect([await counts('first'), await counts('second')]).toEqual([false, true]);
  text = '';
  await expect(directory.findClient('app')).rejects.toThrow('the vault is gone');
});

test('AS-057: what the metadata holds of a secret is nothing that could be presented', async () => {
  const { directory } = await directoryOf([
    document({ ...WEB, tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: SECRET }),
  ]);
  const stored = (await directory.findClient('app'))?.['client_secret'] as string;
  expect(stored).not.toContain(SECRET);
  expect([SECRET, stored, '', stored.slice(7)].map((presented) => compareClientSecret(stored, presented))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect([undefined, '', 'sha256:', SECRET].map((kept) => compareClientSecret(kept, SECRET))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

describe('what people are shown', () => {
  let base: OAuthClient;
  beforeAll(() => {
    base = {
      ...{
        clientId: 'https://app.test/c.json',
        origin: 'document',
        name: 'App',
        applicationType: 'web',
        authMethod: 'none',
      },
      ...{
        redirectUris: ['https://app.test/cb'],
        grants: ['authorization_code'],
        secretHash: undefined,
        jwks: undefined,
      },
      ...{ jwksUri: undefined, certificate: undefined, audiences: undefined, scopes: undefined, signInOnly: false },
      ...{ introspects: [], postLogoutRedirectUris: [] },
      ...{ firstParty: false, requirePushedAuthorizationRequests: false },
      ...{ dpopBoundAccessTokens: false, certificateBoundAccessTokens: false },
      ...{ clientUri: undefined, issuedAt: undefined },
    };
  });

  it.each([
    [
      'declared',
      ['https://a.test/cb'],
      { verified: true, host: undefined, redirectHost: 'a.test', localhostOnly: false },
    ],
    [
      'document',
      ['https://a.test/cb'],
      { verified: false, host: 'app.test', redirectHost: 'a.test', localhostOnly: false },
    ],
    [
      'dynamic',
      ['http://localhost:1/cb', 'com.example.app:/cb'],
      { verified: false, host: undefined, redirectHost: 'localhost:1', localhostOnly: true },
    ],
    ['document', ['http://127.0.0.1/cb'], { verified: false, host: 'app.test', localhostOnly: true }],
    ['document', ['http://127.0.0.1/cb', 'https://a.test/cb'], { localhostOnly: false }],
  ] as const)('of a client that is %s, with codes for %j', (origin, redirectUris, shown) => {
    expect(displayOf({ ...base, origin, redirectUris })).toMatchObject(shown);
  });

  it('the host of the redirect that was asked for, and its id where it has no name', () => {
    const client = { ...base, name: undefined, redirectUris: ['https://a.test/cb', 'https://b.test/cb'] };
    expect(displayOf(client, 'https://b.test/cb')).toMatchObject({ redirectHost: 'b.test', name: base.clientId });
  });

  it('AS-053: consent holds for the client as it was shown: its digest changes with what matters, and with nothing else', () => {
    const digest = securityDigest(base);
    for (const change of [
      { name: 'Other' },
      { redirectUris: ['https://evil.test/cb'] },
      { jwksUri: 'https://evil.test/j' },
      { authMethod: 'private_key_jwt' },
      { applicationType: 'native' },
      { origin: 'dynamic' },
      { clientId: 'x' },
    ] as const) {
      expect(securityDigest({ ...base, ...change })).not.toBe(digest);
    }
    expect(securityDigest({ ...base, clientUri: 'https://app.test/', scopes: ['a'], issuedAt: 7 })).toBe(digest);
    const two = { ...base, redirectUris: ['https://a.test/', 'https://b.test/'] };
    expect(securityDigest(two)).toBe(securityDigest({ ...two, redirectUris: two.redirectUris.toReversed() }));
  });
});

test('AS-042: what a library fetches for a client goes through the egress rules, without redirects and bounded', async () => {
  const asked: unknown[] = [];
  const guarded = guardedFetch({
    request: async (request) => {
      asked.push(request);
      const long = request.url.pathname === '/long';
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from('{"keys":[]}'),
        truncated: long,
        url: request.url,
      };
    },
  });
  const answer = await guarded('https://app.test/jwks.json', { headers: { Accept: 'application/json' } });
  expect([answer.status, await answer.json(), answer.headers.get('content-type')]).toEqual([
    200,
    { keys: [] },
    'application/json',
  ]);
  expect(asked).toMatchObject([
    { method: 'GET', follow: 'never', maxBytes: 65_536, timeoutMs: 5000, headers: { accept: 'application/json' } },
  ]);
  await expect(guarded('https://app.test/long')).rejects.toThrow('more than 65536 bytes');
});
