import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Secret, type JsonObject } from '#kernel';
import { testAuthority } from '../../../../../test/certificates.ts';
import { serve, type TestServer } from '../../../../../test/http-server.ts';
import { secretsOf, testVault, type TestVault } from '../../../secrets/test/vault.fixture.ts';
import type { ToolBody } from '../../../tools/tool-type.ts';
import { httpSourceType } from '../index.ts';
import { buildTool, openSource, parameter, runContext } from './http-tool.fixture.ts';

const REFERENCE = 'secret://default/api';
const authority = testAuthority('Test authority');
const serverTls = authority.issue(['127.0.0.1', 'localhost']);
const ours = authority.issue(['chatelaine']);

let now = 0;
let vault: TestVault;
beforeEach(() => {
  now = 1_000_000;
  vault = testVault();
});

/** A tool that asks `GET /`, on a source with `auth`. */
function toolOn(url: string, auth: JsonObject, more: { source?: JsonObject; tool?: JsonObject } = {}): ToolBody {
  const clock = { now: () => now };
  const source = openSource(
    { baseUrl: url, auth: { secret: REFERENCE, ...auth }, ...more.source },
    secretsOf(vault, clock),
    clock,
  );
  return buildTool(source, { method: 'GET', path: '/', ...more.tool });
}

const call = async (tool: ToolBody, args: JsonObject = {}): Promise<unknown> => tool.run(args, runContext());
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );

/** Answers with what it was asked: line, headers, body. */
const echoing = (): Promise<TestServer> =>
  serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });

/** A token endpoint that numbers its tokens. */
const issuer = (more: JsonObject = {}): Promise<TestServer & { issued: () => number }> => {
  let issued = 0;
  return serve((_, response) => {
    issued++;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: `token-${issued}-of-the-issuer`, token_type: 'Bearer', ...more }));
  }).then((server) => Object.assign(server, { issued: () => issued }));
};

const API_KEY = { kind: 'api-key', key: new Secret('key-of-the-api') } as const;
const CLIENT = { kind: 'oauth-client', clientId: 'shop client', clientSecret: new Secret('p@ss:word') } as const;

describe('an upstream sees', () => {
  it('an API key in the header that is named, else in X-API-Key', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, API_KEY);
    await call(toolOn(api.url, { name: 'X-Shop-Key' }));
    await call(toolOn(api.url, {}));
    expect(api.received.map(({ headers }) => [headers['x-shop-key'], headers['x-api-key']])).toEqual([
      ['key-of-the-api', undefined],
      [undefined, 'key-of-the-api'],
    ]);
  });

  it('an API key in the query', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, { kind: 'api-key', key: new Secret('a&b=c') });
    await call(toolOn(api.url, { in: 'query', name: 'key' }));
    expect(api.received.map(({ url }) => url)).toEqual(['/?key=a%26b%3Dc']);
  });

  it('a user and password as Basic (RFC 7617), in UTF-8', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, { kind: 'basic', username: 'ana', password: new Secret('pä:ss') });
    await call(toolOn(api.url, {}));
    const [scheme, value = ''] = String(api.received[0]?.headers.authorization).split(' ');
    expect([scheme, Buffer.from(value, 'base64').toString()]).toEqual(['Basic', 'ana:pä:ss']);
  });

  it('a bearer token', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, { kind: 'bearer', token: new Secret('token-of-ours') });
    await call(toolOn(api.url, {}));
    expect(api.received[0]?.headers.authorization).toBe('Bearer token-of-ours');
  });

  it.each([
    ['client_secret_basic', `Basic ${Buffer.from('shop+client:p%40ss%3Aword').toString('base64')}`, ''],
    ['client_secret_post', undefined, '&client_id=shop+client&client_secret=p%40ss%3Aword'],
  ])('the token of an OAuth client that proves itself by %s (RFC 6749 §4.4)', async (method, header, form) => {
    await using api = await echoing();
    await using tokens = await issuer({ expires_in: 3600 });
    vault.put(REFERENCE, CLIENT);
    const auth = { tokenUrl: `${tokens.url}/token`, scopes: ['read', 'write'], clientAuthentication: method };
    await call(toolOn(api.url, auth));
    expect(api.received[0]?.headers.authorization).toBe('Bearer token-1-of-the-issuer');
    expect(tokens.received[0]).toMatchObject({
      method: 'POST',
      url: '/token',
      body: `grant_type=client_credentials&scope=read+write${form}`,
    });
    expect(tokens.received[0]?.headers.authorization).toBe(header);
  });

  it('a client certificate', async () => {
    const seen: unknown[] = [];
    await using api = await serve(
      (request, response) => {
        const socket = request.socket as TLSSocket;
        seen.push([socket.authorized, socket.getPeerCertificate().subject?.CN]);
        response.end('{}');
      },
      { tls: { ...serverTls, ca: authority.cert, requestCert: true, rejectUnauthorized: false } },
    );
    vault.put(REFERENCE, { kind: 'mtls', certificate: ours.cert, privateKey: new Secret(ours.key) });
    await call(toolOn(api.url, {}, { source: { tls: { ca: authority.cert } } }));
    expect(seen).toEqual([[true, 'chatelaine']]);
  });

  it('a secret in a header and in a query parameter of the source, and in a header of a tool', async () => {
    await using api = await echoing();
    vault.put('secret://default/one', API_KEY);
    vault.put('secret://default/two', { kind: 'bearer', token: new Secret('second-value') });
    const source = openSource(
      { baseUrl: api.url, headers: { 'X-One': 'secret://default/one' }, queryParams: { two: 'secret://default/two' } },
      secretsOf(vault),
    );
    await call(buildTool(source, { method: 'GET', path: '/', headers: { 'X-Two': 'secret://default/two' } }));
    expect(api.received[0]).toMatchObject({
      url: '/?two=second-value',
      headers: { 'x-one': 'key-of-the-api', 'x-two': 'second-value' },
    });
  });
});

describe('rotation and expiry', () => {
  it('reach an API within a second, without a restart', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, API_KEY);
    const tool = toolOn(api.url, {});
    await call(tool);
    vault.put(REFERENCE, { kind: 'api-key', key: new Secret('the-next-key') });
    now += 1000;
    await call(tool);
    expect(api.received.map(({ headers }) => headers['x-api-key'])).toEqual(['key-of-the-api', 'the-next-key']);
  });

  it('never send what has ended, not even within the second', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, API_KEY, now + 300);
    const tool = toolOn(api.url, {});
    await call(tool);
    vault.fail(REFERENCE, 'SECRET_EXPIRED');
    now += 300;
    expect(await codeOf(call(tool))).toBe('SECRET_UNAVAILABLE');
    expect(api.received).toHaveLength(1);
  });

  it('change the client certificate of the next connection', async () => {
    const seen: unknown[] = [];
    await using api = await serve(
      (request, response) => {
        seen.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
        response.end('{}');
      },
      { tls: { ...serverTls, ca: authority.cert, requestCert: true, rejectUnauthorized: true } },
    );
    vault.put(REFERENCE, { kind: 'mtls', certificate: ours.cert, privateKey: new Secret(ours.key) });
    const tool = toolOn(api.url, {}, { source: { tls: { ca: authority.cert } } });
    await call(tool);
    const next = authority.issue(['the next']);
    vault.put(REFERENCE, { kind: 'mtls', certificate: next.cert, privateKey: new Secret(next.key) });
    now += 1000;
    await call(tool);
    expect(seen).toEqual(['chatelaine', 'the next']);
  });
});

describe('tokens of an OAuth client', () => {
  const tokenAuth = (tokens: TestServer) => ({ tokenUrl: `${tokens.url}/token` });

  it('are asked for at the API itself only if its key is pinned, and elsewhere whatever the key is (RFC 7469)', async () => {
    const pin = createHash('sha256')
      .update(new X509Certificate(ours.cert).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
    await using api = await serve((_, response) => response.end('{}'), { tls: serverTls });
    await using tokens = await serve((_, response) => response.end('{}'), { tls: serverTls });
    vault.put(REFERENCE, CLIENT);
    const source = { tls: { ca: authority.cert, pin: [pin] } };
    expect(await codeOf(call(toolOn(api.url, tokenAuth(api), { source })))).toBe('EGRESS_KEY_NOT_PINNED');
    expect(api.received).toHaveLength(0);
    await codeOf(call(toolOn(api.url, tokenAuth(tokens), { source })));
    expect(tokens.received).toHaveLength(1);
    expect(api.received).toHaveLength(0);
  });

  it('are fetched once for all who wait, and kept until shortly before they end', async () => {
    await using api = await echoing();
    await using tokens = await issuer({ expires_in: 600 });
    vault.put(REFERENCE, CLIENT);
    const tool = toolOn(api.url, tokenAuth(tokens));
    await Promise.all(Array.from({ length: 20 }, () => call(tool)));
    expect(tokens.issued()).toBe(1);
    now += 569_000;
    await call(tool);
    expect(tokens.issued()).toBe(1);
    now += 1000;
    await Promise.all(Array.from({ length: 20 }, () => call(tool)));
    expect(tokens.issued()).toBe(2);
  });

  it('are fetched anew, once, when an API refuses one before its time, and the request is sent once more', async () => {
    await using tokens = await issuer({ expires_in: 600 });
    await using api = await serve((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer token-1-of-the-issuer' ? 401 : 200;
      response.end('{}');
    });
    vault.put(REFERENCE, CLIENT);
    const tool = toolOn(api.url, tokenAuth(tokens));
    await Promise.all(Array.from({ length: 10 }, () => call(tool)));
    expect(tokens.issued()).toBe(2);
  });

  it('are not fetched for ever from an API that refuses them all', async () => {
    await using tokens = await issuer();
    await using api = await serve((_, response) => response.writeHead(401).end());
    vault.put(REFERENCE, CLIENT);
    expect(await codeOf(call(toolOn(api.url, tokenAuth(tokens))))).toBe('TOOL_FAILED');
    expect([tokens.issued(), api.received.length]).toEqual([2, 2]);
  });

  it('are fetched with the new secret when it was rotated', async () => {
    await using api = await echoing();
    await using tokens = await issuer({ expires_in: 600 });
    vault.put(REFERENCE, CLIENT);
    const tool = toolOn(api.url, { ...tokenAuth(tokens), clientAuthentication: 'client_secret_post' });
    await call(tool);
    vault.put(REFERENCE, { ...CLIENT, clientSecret: new Secret('rotated') });
    now += 1000;
    await call(tool);
    expect(tokens.received.map(({ body }) => new URLSearchParams(body).get('client_secret'))).toEqual([
      'p@ss:word',
      'rotated',
    ]);
  });

  it.each([
    [
      'an OAuth error',
      401,
      { error: 'invalid_client', error_description: 'p@ss:word is wrong' },
      /status 401 \(invalid_client\)$/,
    ],
    ['an error in words of its own', 400, { error: 'p@ss:word' }, /status 400$/],
    ['another kind of token', 200, { access_token: 'x', token_type: 'DPoP' }, /no bearer token/],
    ['a token that would end its header', 200, { access_token: 'x\r\ny: z', token_type: 'bearer' }, /no bearer token/],
    ['no JSON', 200, undefined, /no bearer token/],
  ])('are not had from an endpoint that answers with %s', async (_what, status, answer, message) => {
    await using api = await echoing();
    await using tokens = await serve((_, response) =>
      response.writeHead(status).end(answer === undefined ? 'p@ss:word' : JSON.stringify(answer)),
    );
    vault.put(REFERENCE, CLIENT);
    const failure = call(toolOn(api.url, tokenAuth(tokens)));
    await expect(failure).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringMatching(message),
    });
    await expect(failure).rejects.not.toThrow('p@ss');
    expect(api.received).toEqual([]);
  });

  it('are not fetched where a redirect leads: the client secret stays with its endpoint', async () => {
    await using api = await echoing();
    await using elsewhere = await issuer();
    await using tokens = await serve((_, response) =>
      response.writeHead(307, { location: `${elsewhere.url}/token` }).end(),
    );
    vault.put(REFERENCE, CLIENT);
    expect(await codeOf(call(toolOn(api.url, tokenAuth(tokens))))).toBe('EGRESS_REFUSED');
    expect(elsewhere.received).toEqual([]);
  });

  it('are fetched under the rules for outgoing requests', () => {
    const parse = (tokenUrl: string) =>
      httpSourceType.schema.safeParse({ baseUrl: 'https://api.example', auth: { secret: REFERENCE, tokenUrl } });
    const message = (tokenUrl: string): string => parse(tokenUrl).error?.issues[0]?.message ?? '';
    expect(message('https://10.1.2.3/token')).toContain('`10.1.2.3` is a private address');
    expect(message('http://issuer.example/token')).toContain('a token endpoint is https');
    expect(message('https://u:p@issuer.example/token')).toContain('shown in errors');
    expect(parse('https://issuer.example/token').success).toBe(true);
  });
});

describe('a credential stays with the host of its source', () => {
  it.each([
    ['an API key', API_KEY, {}],
    ['Basic', { kind: 'basic', username: 'ana', password: new Secret('hunter22') } as const, {}],
    ['a bearer token', { kind: 'bearer', token: new Secret('token-of-ours') } as const, {}],
  ])('%s does not follow a redirect to another origin', async (_what, material, auth) => {
    await using other = await echoing();
    await using api = await serve((_, response) => response.writeHead(302, { location: `${other.url}/landing` }).end());
    vault.put(REFERENCE, material);
    await call(toolOn(api.url, auth));
    expect(other.received[0]?.url).toBe('/landing');
    expect(Object.keys(other.received[0]?.headers ?? {}).toSorted()).toEqual([
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('a key in the query ends the request where a redirect leads away with it', async () => {
    await using other = await echoing();
    await using api = await serve((request, response) =>
      response.writeHead(302, { location: `${other.url}${request.url}` }).end(),
    );
    vault.put(REFERENCE, API_KEY);
    expect(await codeOf(call(toolOn(api.url, { in: 'query', name: 'key' })))).toBe('EGRESS_REFUSED');
    expect(other.received).toEqual([]);
  });

  it('a client certificate is shown to no other server, also where that one asks for it', async () => {
    const seen: unknown[] = [];
    const asking = { tls: { ...serverTls, ca: authority.cert, requestCert: true, rejectUnauthorized: false } };
    const note = (request: IncomingMessage): void => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      seen.push(subject?.CN ?? 'nobody');
    };
    await using other = await serve((request, response) => (note(request), response.end('{}')), asking);
    await using api = await serve((request, response) => {
      note(request);
      response.writeHead(302, { location: other.url }).end();
    }, asking);
    vault.put(REFERENCE, { kind: 'mtls', certificate: ours.cert, privateKey: new Secret(ours.key) });
    await call(toolOn(api.url, {}, { source: { tls: { ca: authority.cert } } }));
    // The same for a certificate that the source names itself.
    const source = openSource({
      baseUrl: api.url,
      tls: { ca: authority.cert, clientCert: ours.cert, clientKey: ours.key },
    });
    await call(buildTool(source, { method: 'GET', path: '/' }));
    expect(seen).toEqual(['chatelaine', 'nobody', 'chatelaine', 'nobody']);
  });

  it('is not replaced by a tool or a caller', async () => {
    vault.put(REFERENCE, API_KEY);
    const message = (auth: JsonObject, tool: JsonObject): string => {
      try {
        toolOn('http://127.0.0.1:1', auth, { tool });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message({}, { headers: { 'x-api-key': 'mine' } })).toContain('`auth` of the source sends');
    expect(message({}, { headerParams: [parameter('X-API-Key')] })).toContain('`auth` of the source sends');
    expect(message({}, { headerParams: [parameter('Authorization')] })).toContain('`auth` of the source sends');
    expect(message({ in: 'query', name: 'key' }, { queryParams: [parameter('key')] })).toContain('sends');
    const both = { baseUrl: 'https://a.example', auth: { secret: REFERENCE }, headers: { authorization: 'x' } };
    expect(httpSourceType.schema.safeParse(both).error?.issues[0]?.message).toBe(
      '`auth` sends the header `authorization`',
    );
  });
});

describe('VLT-006: an upstream that repeats what it was sent', () => {
  const said = (output: unknown): string => JSON.stringify(output);

  it.each([
    ['an API key', API_KEY, {}, 'key-of-the-api'],
    ['a key in the query', API_KEY, { in: 'query', name: 'k' }, 'key-of-the-api'],
    ['Basic', { kind: 'basic', username: 'ana', password: new Secret('hunter22') } as const, {}, 'aHVudGVyMjI'],
    ['a bearer token', { kind: 'bearer', token: new Secret('token-of-ours') } as const, {}, 'token-of-ours'],
  ])('does not tell the caller %s', async (_what, material, auth, shown) => {
    await using api = await echoing();
    vault.put(REFERENCE, material);
    const output = said(await call(toolOn(api.url, auth)));
    expect(output).not.toContain(shown);
    expect(output).toContain('[secret]');
  });

  it('does not tell the caller a header that the configuration wrote, nor the token of a client', async () => {
    await using api = await echoing();
    await using tokens = await issuer();
    vault.put(REFERENCE, CLIENT);
    const output = said(
      await call(
        toolOn(
          api.url,
          { tokenUrl: `${tokens.url}/t` },
          { source: { headers: { 'X-Session-Token': 'written-in-the-file' } } },
        ),
      ),
    );
    expect(output).not.toContain('token-1-of-the-issuer');
    expect(output).not.toContain('written-in-the-file');
  });

  it('does so in errors neither, nor in an address that it redirects to', async () => {
    await using failing = await serve((request, response) =>
      response.writeHead(500).end(`what is ${request.headers['x-api-key']}?`),
    );
    vault.put(REFERENCE, API_KEY);
    const full = call(toolOn(failing.url, {}, { source: { returnFullError: true } }));
    await expect(full).rejects.toThrow('what is [secret]?');

    await using looping = await serve((request, response) =>
      response.writeHead(302, { location: `gopher://${request.headers['x-api-key']}/` }).end(),
    );
    await expect(call(toolOn(looping.url, {}))).rejects.not.toThrow('key-of-the-api');
    await using slow = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: `/at/${request.headers['x-api-key']}` }).end();
    });
    await expect(call(toolOn(slow.url, {}, { source: { timeout: '300ms' } }))).rejects.toThrow('/at/[secret]`');
  });

  it('leaves plain headers of the configuration alone', async () => {
    await using api = await echoing();
    const source = openSource({ baseUrl: api.url, headers: { Accept: 'application/json' } });
    expect(said(await call(buildTool(source, { method: 'GET', path: '/' })))).toContain('application/json');
  });
});

describe('a secret that is of no use to an API', () => {
  it.each([
    [
      'a password',
      { kind: 'password', password: new Secret('hunter22') } as const,
      {},
      'is of the kind `password`, which no API is sent',
    ],
    ['a client without its token endpoint', CLIENT, {}, 'is an OAuth client: `auth` needs a `tokenUrl`'],
    [
      'a key beside a token endpoint',
      API_KEY,
      { tokenUrl: 'http://127.0.0.1:1/t' },
      'while `tokenUrl` is for an OAuth client',
    ],
    [
      'a certificate over plain http',
      { kind: 'mtls', certificate: ours.cert, privateKey: new Secret(ours.key) } as const,
      {},
      'which only https can show',
    ],
  ])('is an error of its source: %s', async (_what, material, auth, words) => {
    await using api = await echoing();
    vault.put(REFERENCE, material);
    const tool = toolOn(api.url, auth);
    await expect(call(tool)).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      message: expect.stringContaining(words),
    });
    expect(api.received).toEqual([]);
  });

  it('is an error as well when its text could not stand in a header', async () => {
    await using api = await echoing();
    vault.put(REFERENCE, { kind: 'password', password: new Secret('two\r\nlines: 1') });
    const source = openSource({ baseUrl: api.url, headers: { 'X-Key': REFERENCE } }, secretsOf(vault));
    await expect(call(buildTool(source, { method: 'GET', path: '/' }))).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
    });
    await expect(source.check(new AbortController().signal)).rejects.toMatchObject({
      details: { secret: REFERENCE },
    });
    await setImmediate();
    expect(api.received).toEqual([]);
  });

  it.each([
    [{ in: 'query' }, 'needs the `name`'],
    [{ in: 'header', tokenUrl: 'https://i.example/t' }, 'are for an API key'],
    [{ scopes: ['read'] }, 'needs its `tokenUrl`'],
    [{ clientAuthentication: 'client_secret_post' }, 'needs its `tokenUrl`'],
    [{ name: 'X Key' }, 'neither a header name'],
  ])('is refused with the configuration where its fields contradict each other: %j', (auth, words) => {
    const parsed = httpSourceType.schema.safeParse({
      baseUrl: 'https://a.example',
      auth: { secret: REFERENCE, ...auth },
    });
    expect(parsed.error?.issues[0]?.message).toContain(words);
  });
});
