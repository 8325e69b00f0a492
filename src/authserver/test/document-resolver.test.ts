import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { EgressClient, egressRules, parseRange, type IpRange, type Resolve } from '#egress';
import { silentLogger } from '#kernel';
import { testAuthority } from '../../../test/certificates.ts';
import { serve, type TestServer } from '../../../test/http-server.ts';
import { DocumentResolver, RESOLVER_LIMITS, type ResolverLimits } from '../clients/index.ts';
import { HandClock } from './authserver.fixture.ts';

const authority = testAuthority('test authority');
const certificate = authority.issue(['127.0.0.1', 'app.test', 'other.test']);
const clients: EgressClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

interface Resolving {
  readonly clock: HandClock;
  readonly resolver: DocumentResolver;
  /** The name of the client, or why there is none. */
  ask(url: string): Promise<string>;
}

function resolving(
  options: {
    readonly allowed?: readonly string[];
    readonly resolve?: Resolve;
    readonly limits?: Partial<ResolverLimits>;
  } = {},
): Resolving {
  const egress = new EgressClient({
    rules: egressRules({
      allowedIpRanges: (options.allowed ?? ['127.0.0.1']).map((text) => parseRange(text) as IpRange),
      customBlockedIpRanges: [],
      allowPrivateNetworks: false,
    }),
    tls: async () => ({ ca: authority.cert }),
    ...(options.resolve && { resolve: options.resolve }),
  });
  clients.push(egress);
  const clock = new HandClock();
  const resolver = new DocumentResolver({
    ...{ egress, clock, log: silentLogger, settings: { baselineScopes: [] } },
    limits: { ...RESOLVER_LIMITS, ...options.limits },
  });
  const ask = async (url: string): Promise<string> => {
    const outcome = await resolver.resolve(url);
    return outcome.ok ? `client ${outcome.value.name}` : outcome.error;
  };
  return { clock, resolver, ask };
}

const host = (answer: RequestListener): Promise<TestServer> =>
  serve(answer, { tls: { cert: certificate.cert, key: certificate.key } });
const documentOf = (url: string, more: object = {}): string =>
  JSON.stringify({ client_id: url, client_name: 'App', redirect_uris: ['http://127.0.0.1/cb'], ...more });
const urlAt = ({ port }: TestServer, path = '/c.json', name = '127.0.0.1'): string => `https://${name}:${port}${path}`;

/** A host with one document, whose members, headers and status can be changed. */
async function publisher(
  more: { members?: object; headers?: Record<string, string>; status?: number; body?: string } = {},
) {
  const state = {
    members: {},
    headers: {} as Record<string, string>,
    status: 200,
    body: undefined as string | undefined,
    ...more,
  };
  const server = await host((request, response) => {
    const url = urlAt(server, request.url);
    response.writeHead(state.status, { 'content-type': 'application/json', ...state.headers });
    response.end(state.status === 304 ? undefined : (state.body ?? documentOf(url, state.members)));
  });
  return { server, state, url: urlAt(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('a document at its own URL is a client (draft-02 §4)', async () => {
  await using app = await publisher();
  const { resolver } = resolving();
  expect(await resolver.resolve(app.url)).toMatchObject({
    ok: true,
    value: {
      clientId: app.url,
      origin: 'document',
      name: 'App',
      authMethod: 'none',
      applicationType: 'native',
      firstParty: false,
    },
  });
  expect(app.server.received[0]?.headers).toMatchObject({ accept: 'application/json' });
  expect(app.server.received[0]?.headers).not.toHaveProperty('cookie');
});

describe('AS-047: a document inside the network (draft-02 §6)', () => {
  it.each([
    '127.0.0.1:PORT',
    'localhost:PORT',
    '[::1]:PORT',
    '10.0.0.1',
    '169.254.169.254',
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
    '[::ffff:a00:1]',
    '[2002:7f00:1::]',
    '0x7f000001:PORT',
    '2130706433:PORT',
    'private.test:PORT',
  ])('at %s is not fetched, and nothing connects', async (authority_) => {
    await using inside = await host((_, response) => response.end('secret'));
    const resolve: Resolve = async (name) =>
      name === 'localhost' ? [{ address: '127.0.0.1', family: 4 }] : [{ address: '10.1.2.3', family: 4 }];
    const { resolver } = resolving({ allowed: [], resolve });
    const outcome = await resolver.resolve(`https://${authority_.replace('PORT', String(inside.port))}/c.json`);
    expect(outcome.ok).toBe(false);
    expect(inside.connections()).toBe(0);
  });

  it('an open port and a closed one are told in the same words', async () => {
    await using inside = await host((_, response) => response.end('secret'));
    const { ask } = resolving({ allowed: [] });
    const open = await ask(urlAt(inside));
    await inside[Symbol.asyncDispose]();
    expect(await ask(urlAt(inside, '/other.json'))).toBe(open);
    expect(open).toBe('the metadata document cannot be fetched');
    // And where there may be a connection, one that fails is told like an answer that is not one.
    const allowed = resolving();
    expect(await allowed.ask(urlAt(inside))).toBe(open);
  });
});

describe('AS-048: a name server that changes its mind', () => {
  it('leads to the address that was judged, or nowhere', async () => {
    await using inside = await serve((_, response) => response.end('secret'), {
      host: '127.0.0.2',
      tls: { cert: certificate.cert, key: certificate.key },
    });
    await using app = await host((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' });
      response.end(documentOf(urlAt(app, request.url, 'app.test')));
    });
    let asked = 0;
    const resolve: Resolve = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    const { ask, clock } = resolving({ resolve });
    expect(await ask(urlAt(app, '/c.json', 'app.test'))).toBe('client App');
    expect(asked).toBe(1);
    clock.advance(RESOLVER_LIMITS.ceilingMs);
    // The second answer is another address: it is judged as the first was.
    expect(await ask(urlAt(app, '/c.json', 'app.test'))).toBe('the metadata document cannot be fetched');
    expect(await ask(urlAt(inside, '/c.json', 'app.test'))).toBe('the metadata document cannot be fetched');
    expect(inside.connections()).toBe(0);
  });

  it('with a private address among public ones is refused', async () => {
    await using inside = await host((_, response) => response.end('secret'));
    const resolve: Resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ];
    expect(await resolving({ resolve }).ask(urlAt(inside, '/c.json', 'app.test'))).toBe(
      'the metadata document cannot be fetched',
    );
    expect(inside.connections()).toBe(0);
  });
});

describe('AS-050: a document that is refused (draft-02 §4.1)', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = (key: typeof keys.publicKey) => key.export({ format: 'jwk' });
  it.each([
    [
      'that says another `client_id`',
      { members: { client_id: 'https://other.test/c.json' } },
      /not the URL that it was fetched from/,
    ],
    ['that says none', { members: { client_id: undefined } }, /not the URL/],
    ['with a secret', { members: { client_secret: 'x' } }, /everybody can read/],
    ['with the end of a secret', { members: { client_secret_expires_at: 0 } }, /everybody can read/],
    [
      'with a shared secret to prove itself',
      { members: { token_endpoint_auth_method: 'client_secret_basic' } },
      /token_endpoint_auth_method/,
    ],
    [
      'with a private key',
      { members: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk(keys.privateKey)] } } },
      /private key/,
    ],
    ['that is not JSON', { body: '<html>' }, /metadata document/],
    ['that is a list', { body: '[]' }, /no JSON object/],
    ['that says a member twice', { body: '{"client_id":"a","client_id":"b"}' }, /twice/],
    ['without redirect URIs', { members: { redirect_uris: undefined } }, /invalid_redirect_uri/],
    [
      'with a redirect URI in the clear',
      { members: { redirect_uris: ['http://evil.test/cb'] } },
      /invalid_redirect_uri/,
    ],
    ['that is a page', { headers: { 'content-type': 'text/html' } }, /application\/json/],
    ['that is not said to be anything', { headers: { 'content-type': '' } }, /application\/json/],
    ['of more than 10 KiB', { members: { x: 'a'.repeat(10_240) } }, /more than 10240 bytes/],
    ['that is elsewhere', { status: 302, headers: { location: 'https://127.0.0.1/' } }, /cannot be fetched/],
    ['that is not there', { status: 404 }, /cannot be fetched/],
    ['with a name that deceives', { members: { client_name: 'Trusted\u202e' } }, /client_name/],
  ] as const)('%s, and asked for again after half a minute', async (_, more, message) => {
    await using app = await publisher(more);
    const { ask, clock } = resolving();
    expect(await ask(app.url)).toMatch(message);
    expect(await ask(app.url)).toMatch(message);
    expect(app.server.received).toHaveLength(1);
    clock.advance(30_000);
    await ask(app.url);
    expect(app.server.received).toHaveLength(2);
  });

  it.each(['/c.json/', '/C.json', '/c.json?x'])('that was asked for at %s and says /c.json', async (path) => {
    const app = await host((_, response) =>
      response.setHeader('content-type', 'application/json').end(documentOf(urlAt(app))),
    );
    expect(await resolving().ask(urlAt(app, path))).toMatch(/not the URL/);
    await app[Symbol.asyncDispose]();
  });

  it('may hold public keys, also at an address of their own', async () => {
    await using app = await publisher({
      members: { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.test/jwks.json' },
    });
    const { resolver } = resolving();
    expect(await resolver.resolve(app.url)).toMatchObject({
      value: { authMethod: 'private_key_jwt', jwksUri: 'https://app.test/jwks.json' },
    });
  });

  it('leaves out what this server does not know: one document serves many', async () => {
    await using app = await publisher({
      members: {
        grant_types: ['authorization_code', 'refresh_token', 'urn:x:y'],
        response_types: ['code', 'id_token'],
      },
    });
    expect(await resolving().resolver.resolve(app.url)).toMatchObject({
      value: { grants: ['authorization_code', 'refresh_token'] },
    });
  });
});

describe('AS-051: a `client_id` that is no such URL is not fetched (draft-02 §3)', () => {
  it.each([
    'http://x.test/c.json',
    'https://x.test',
    'https://x.test/',
    'https://u:p@x.test/c',
    'https://@x.test/c',
    'https://x.test/a/../c',
    'https://x.test/%2e%2e/c',
    'https://x.test/a/%2E/c',
    'https://x.test/..',
    'https://x.test/c#f',
    'https://x.test/c#',
    'https:\\\\x.test\\c',
    'https://x.test\\c',
    'https://x.test/\tc',
    'https://x.test/c\n',
    ' https://x.test/c',
    'https://X.test/c',
    'HTTPS://x.test/c',
    'https://x.test:443/c',
    'https:///x.test/c',
    'https:x.test/c',
    'https://0x7f.1/c',
    'https://\u{430}pple.test/c',
    'https://x.test/c d',
    `https://x.test/${'a'.repeat(2048)}`,
  ])('%j', async (url) => {
    const request = vi.fn<EgressClient['request']>();
    const resolver = new DocumentResolver({
      egress: { request },
      clock: new HandClock(),
      log: silentLogger,
      settings: { baselineScopes: [] },
    });
    const outcome = await resolver.resolve(url);
    expect(outcome.ok ? 'a client' : outcome.error).toMatch(/^`client_id`: /);
    expect(request).not.toHaveBeenCalled();
  });
});

describe('how long a document holds (RFC 9111)', () => {
  it.each([
    ['max-age', { 'cache-control': 'max-age=600' }, 600_000],
    ['its age taken off', { 'cache-control': 'max-age=600', age: '300' }, 300_000],
    [
      'a date of expiry',
      {
        expires: new Date(Date.UTC(2026, 10, 30, 1)).toUTCString(),
        date: new Date(Date.UTC(2026, 10, 30)).toUTCString(),
      },
      3_600_000,
    ],
    ['nothing', {}, RESOLVER_LIMITS.usualMs],
    ['not to keep it: the floor', { 'cache-control': 'no-store' }, RESOLVER_LIMITS.floorMs],
    ['nonsense: the floor', { 'cache-control': 'max-age=soon' }, RESOLVER_LIMITS.floorMs],
    ['two ages: the floor', { 'cache-control': 'max-age=600, max-age=7000' }, RESOLVER_LIMITS.floorMs],
    ['a year: the ceiling', { 'cache-control': 'max-age=31536000' }, RESOLVER_LIMITS.ceilingMs],
  ])('%s', async (_, headers, freshMs) => {
    await using app = await publisher({ headers });
    const { ask, clock } = resolving();
    await ask(app.url);
    clock.advance(freshMs - 1);
    await ask(app.url);
    expect(app.server.received).toHaveLength(1);
    clock.advance(1);
    await ask(app.url);
    expect(app.server.received).toHaveLength(2);
  });

  it('AS-053: one that changed is the new one as soon as the old one has expired', async () => {
    await using app = await publisher({ headers: { 'cache-control': 'max-age=60' } });
    const { ask, resolver, clock } = resolving();
    expect(await ask(app.url)).toBe('client App');
    app.state.members = { client_name: 'Other', redirect_uris: ['https://other.test/cb'] };
    clock.advance(60_000);
    expect(await resolver.resolve(app.url)).toMatchObject({
      value: { name: 'Other', redirectUris: ['https://other.test/cb'] },
    });
  });

  it('asks with the tag that it has, and goes on where nothing changed', async () => {
    await using app = await publisher({ headers: { etag: '"1"', 'cache-control': 'max-age=60' } });
    const { ask, clock } = resolving();
    await ask(app.url);
    clock.advance(60_000);
    app.state.status = 304;
    expect(await ask(app.url)).toBe('client App');
    expect(app.server.received[1]?.headers['if-none-match']).toBe('"1"');
    await ask(app.url);
    expect(app.server.received).toHaveLength(2);
  });

  it('goes on while its host is down, and not a moment beyond the ceiling', async () => {
    await using app = await publisher();
    const { ask, clock } = resolving();
    await ask(app.url);
    app.state.status = 503;
    clock.advance(RESOLVER_LIMITS.ceilingMs - 1);
    expect(await ask(app.url)).toBe('client App');
    clock.advance(1);
    expect(await ask(app.url)).toMatch(/cannot be fetched/);
  });

  it('ends at once where its host says that there is none, or another one', async () => {
    await using app = await publisher();
    const { ask, clock } = resolving();
    for (const change of [{ status: 404 }, { status: 410 }, { body: '{}' }]) {
      Object.assign(app.state, { status: 200, body: undefined });
      clock.advance(RESOLVER_LIMITS.usualMs);
      expect(await ask(app.url)).toBe('client App');
      clock.advance(RESOLVER_LIMITS.usualMs);
      Object.assign(app.state, change);
      expect(await ask(app.url)).not.toBe('client App');
    }
  });

  it('a clock that is set back makes nothing fresh', async () => {
    await using app = await publisher();
    const { ask, clock } = resolving();
    await ask(app.url);
    clock.advance(-3_600_000);
    await ask(app.url);
    expect(app.server.received).toHaveLength(2);
  });
});

describe('what somebody who can ask does to others', () => {
  it('many who ask at once are one request', async () => {
    await using app = await publisher();
    const { ask } = resolving();
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => ask(app.url))))).toEqual(new Set(['client App']));
    expect(app.server.received).toHaveLength(1);
  });

  it('a host that says nothing holds few requests, for as long as they may take', async () => {
    await using silent = await host(() => {});
    const { ask } = resolving({ limits: { timeoutMs: 300 } });
    const asked = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(urlAt(silent, `/${index}.json`))));
    expect(new Set(asked)).toEqual(new Set(['the metadata document cannot be fetched']));
    expect(silent.connections()).toBeLessThanOrEqual(RESOLVER_LIMITS.atOnceFromHost);
  });

  it('a flood of wrong URLs pushes out no document', async () => {
    await using app = await publisher();
    const { ask } = resolving({ limits: { kept: 5 } });
    await ask(app.url);
    app.state.status = 404;
    for (let index = 0; index < 20; index++) await ask(urlAt(app.server, `/${index}.json`));
    const before = app.server.received.length;
    expect(await ask(app.url)).toBe('client App');
    expect(app.server.received).toHaveLength(before);
  });
});
