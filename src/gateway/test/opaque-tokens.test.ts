/** Tokens of which only their issuer can say what they are, at the doors (RFC 7662). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { AUDIENCE, json, startIssuer, type TestIssuer, type Trouble } from '../../../test/issuer.ts';
import { authServicesOf, call, openDoors, type Doors } from './token-doors.fixture.ts';

let issuer: TestIssuer;
let doors: Doors;

const service = (name: string, of: TestIssuer, fields = ''): string => `
kind: authService
name: ${name}
type: generic
audience: ${AUDIENCE}
authorizationServer: ${of.url}
mcpEnabled: true
${fields}
`;
const open = (yaml: string, options: Partial<Parameters<typeof openDoors>[0]> = {}): Promise<Doors> => {
  const services = authServicesOf(yaml);
  return openDoors({ services: () => services, ...options });
};
const statusOf = async (token: string, at = doors, tool = 'open'): Promise<number> =>
  (await call(`${at.url}/mcp`, token, tool)).status;

let count = 0;
/** A token that introspection says that of. */
function opaque(said: unknown): string {
  const token = `opaque-${++count}`;
  issuer.opaque.set(token, said);
  return token;
}
const active = (claims: Record<string, unknown> = {}): Record<string, unknown> =>
  issuer.claims({ active: true, ...claims });

beforeAll(async () => {
  issuer = await startIssuer();
  doors = await open(service('mine', issuer));
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => issuer.trouble.clear());

describe('an opaque token', () => {
  it('counts when its issuer says that it is active, and all its claims are kept for parameters', async () => {
    const response = await call(`${doors.url}/mcp`, opaque(active({ sub: 'dora' })), 'whoami');
    expect(await response.json()).toMatchObject({ result: { content: [{ text: '"dora"' }] } });
  });

  it('is sent in the body of a POST and nowhere else', async () => {
    const token = opaque(active());
    expect(await statusOf(token)).toBe(200);
    const seen = issuer.server.received.filter((one) => JSON.stringify(one).includes(token));
    expect(seen).toMatchObject([{ method: 'POST', url: '/introspection', body: `token=${token}` }]);
  });

  it('is asked about once a minute, and never remembered beyond its exp', async () => {
    let now = Date.now();
    await using opened = await open(service('mine', issuer), { clock: { now: () => now } });
    const asked = () => opened.resources.counts()['default/mine']?.introspections;
    const long = opaque(active());
    for (let times = 0; times < 20; times++) expect(await statusOf(long, opened)).toBe(200);
    expect(asked()).toBe(1);
    now += 61_000;
    expect([await statusOf(long, opened), asked()]).toEqual([200, 2]);
    const short = opaque(active({ iat: undefined, exp: Math.floor(now / 1000) + 5 }));
    expect(await statusOf(short, opened)).toBe(200);
    now += 36_000;
    expect(await statusOf(short, opened)).toBe(401);
  });

  it('may call its audience `audience`', async () => {
    expect(await statusOf(opaque(active({ aud: undefined, audience: [AUDIENCE] })))).toBe(200);
  });

  it('is one although it has three parts, where the first is no header of a JWT', async () => {
    issuer.opaque.set('a.b.c', active());
    expect(await statusOf('a.b.c')).toBe(200);
  });

  it('is asked about by GET under another name where the document says so', async () => {
    const token = opaque(active());
    const fields = `introspectionEndpoint: ${issuer.url}/introspect\nintrospectionMethod: GET\nintrospectionParamName: t`;
    await using opened = await open(service('mine', issuer, fields));
    expect(await statusOf(token, opened)).toBe(200);
    expect(issuer.asked('/introspect').at(-1)).toMatchObject({ method: 'GET', url: `/introspect?t=${token}` });
  });

  it('is asked about at `/introspect` where nothing is configured or published', async () => {
    issuer.configuration = { introspection_endpoint: undefined };
    await using opened = await open(service('mine', issuer));
    expect(await statusOf(opaque(active()), opened)).toBe(200);
    issuer.configuration = {};
    expect(issuer.asked('/introspect').at(-1)?.method).toBe('POST');
  });

  it('is what a JWT is too with `forceIntrospection`: one that was revoked ends', async () => {
    const token = await issuer.token();
    await using opened = await open(service('mine', issuer, 'forceIntrospection: true'));
    expect(await statusOf(token, opened)).toBe(401);
    const live = await issuer.token({ jti: 'live' });
    issuer.opaque.set(live, active());
    expect(await statusOf(live, opened)).toBe(200);
  });

  it('is shown to the one service that introspects, and to no other', async () => {
    await using other = await startIssuer();
    await using opened = await open(
      [service('other', other), service('mine', issuer, `introspectionEndpoint: ${issuer.url}/introspection`)].join(
        '---',
      ),
    );
    expect(await statusOf(opaque(active()), opened)).toBe(200);
    expect(other.server.received).toEqual([]);
  });

  it('is shown to nobody where several could be meant', async () => {
    await using other = await startIssuer();
    await using opened = await open([service('other', other), service('mine', issuer)].join('---'));
    const before = issuer.server.received.length;
    expect(await statusOf(opaque(active()), opened)).toBe(401);
    expect([other.server.received.length, issuer.server.received.length - before]).toEqual([0, 0]);
  });
});

describe('who asks about opaque tokens', () => {
  const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const authorization = (): string | undefined => issuer.asked('/introspection').at(-1)?.headers.authorization;

  it('is the client of the document, form-encoded (RFC 6749 §2.3.1)', async () => {
    const fields = "introspectionClientId: 'tools:1'\nintrospectionClientSecret: 'p w'";
    await using opened = await open(service('mine', issuer, fields), {
      introspectionClient: { id: 'env', secret: new Secret('env') },
    });
    await statusOf(opaque(active()), opened);
    expect(authorization()).toBe(basic('tools%3A1', 'p+w'));
  });

  it('is the client of the environment where the document has none', async () => {
    await using opened = await open(service('mine', issuer), {
      introspectionClient: { id: 'env', secret: new Secret('hidden') },
    });
    await statusOf(opaque(active()), opened);
    expect(authorization()).toBe(basic('env', 'hidden'));
  });

  it('is a client whose secret the vault keeps', async () => {
    const fields = 'introspectionClientId: tools\nintrospectionClientSecret: secret://default/introspection';
    await using opened = await open(service('mine', issuer, fields), {
      secrets: {
        read: async ({ name }) => ({
          material: { kind: 'password', password: new Secret(`of ${name}`) },
          version: '1',
          endsAt: undefined,
        }),
      },
    });
    await statusOf(opaque(active()), opened);
    expect(authorization()).toBe(basic('tools', 'of+introspection'));
  });

  it('is nobody of another service: a secret of the environment is shown to one issuer alone', async () => {
    await using other = await startIssuer();
    const fields = `introspectionEndpoint: ${issuer.url}/introspection`;
    await using opened = await open([service('other', other), service('mine', issuer, fields)].join('---'), {
      introspectionClient: { id: 'env', secret: new Secret('hidden') },
    });
    await statusOf(opaque(active()), opened);
    expect(authorization()).toBeUndefined();
  });
});

describe('MCP-008: gaps in what introspection says', () => {
  const gaps: [what: string, said: () => unknown][] = [
    ['no iss', () => active({ iss: undefined })],
    ['no exp', () => active({ exp: undefined })],
    ['no aud', () => active({ aud: undefined })],
    ['no sub', () => active({ sub: undefined })],
    ['no active', () => active({ active: undefined })],
    ['active as a text', () => active({ active: 'true' })],
    ['not active', () => active({ active: false })],
    ['exp as a float', () => active({ exp: Date.now() / 1000 + 600.25 })],
    ['exp as a text', () => active({ exp: String(Math.floor(Date.now() / 1000) + 600) })],
    ['exp of 2^63', () => active({ exp: 2 ** 63 })],
    ['a negative exp', () => active({ exp: -5 })],
    ['aud as a number', () => active({ aud: 7 })],
    ['the issuer is another', () => active({ iss: 'https://other.example' })],
    ['scope as a number', () => active({ scope: 7 })],
  ];
  it.each(gaps)('is a refusal: %s', async (_, said) => {
    expect(await statusOf(opaque(said()))).toBe(401);
  });

  const troubles: [what: string, trouble: Trouble][] = [
    ['HTML', (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>active</html>')],
    ['a list', (_, response) => json(response, [active()])],
    ['a redirect', (_, response) => response.writeHead(302, { Location: '/keys' }).end()],
    ['401: our client is not known', (_, response) => json(response, { error: 'invalid_client' }, 401)],
    ['500', (_, response) => json(response, active(), 500)],
    ['2 MiB', (_, response) => json(response, { ...active(), filler: 'x'.repeat(2 ** 21) })],
    ['the same key twice', (_, response) => response.end(`{"active":false,${JSON.stringify(active()).slice(1)}`)],
    ['a connection that is cut', (request) => request.socket.destroy()],
  ];
  it.each(troubles)('is 503 and no verdict when the answer is %s', async (_, trouble) => {
    issuer.trouble.set('/introspection', trouble);
    const token = opaque(active());
    expect(await statusOf(token)).toBe(503);
    issuer.trouble.clear();
    expect(await statusOf(token)).toBe(200);
  });

  it('is 503 within 3 s when the issuer stalls', async () => {
    issuer.trouble.set('/introspection', () => {});
    const started = performance.now();
    expect(await statusOf(opaque(active()))).toBe(503);
    expect(performance.now() - started).toBeLessThan(3_500);
  });
});

describe('a flood of made-up tokens', () => {
  it('reaches the issuer in a bounded number at once, and the others get 503', async () => {
    const before = issuer.asked('/introspection').length;
    issuer.trouble.set('/introspection', () => {});
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => statusOf(`made-up-${at}`)));
    expect(new Set(answers)).toEqual(new Set([503]));
    expect(issuer.asked('/introspection').length - before).toBeLessThanOrEqual(64);
  });

  it('asks once about the same token, however often it comes', async () => {
    const before = issuer.asked('/introspection').length;
    await Promise.all(Array.from({ length: 30 }, () => statusOf('made-up-again')));
    expect(issuer.asked('/introspection').length - before).toBe(1);
  });
});

describe('a service of type google', () => {
  const google = (fields: string): string => `
kind: authService
name: mine
type: google
${fields}
`;
  let places: { issuer: string; keys: string; tokenInfo: string };
  beforeAll(() => {
    places = { issuer: issuer.url, keys: `${issuer.url}/keys`, tokenInfo: `${issuer.url}/tokeninfo` };
  });

  it('takes access tokens at tokeninfo, whose numbers are texts', async () => {
    await using opened = await open(google('clientId: app\nmcpEnabled: true'), { google: places });
    const now = Math.floor(Date.now() / 1000);
    issuer.opaque.set('ya29.good', { aud: 'app', azp: 'app', sub: '11', scope: 'openid read', exp: String(now + 600) });
    issuer.opaque.set('ya29.other', { aud: 'other', sub: '11', scope: 'openid', exp: String(now + 600) });
    expect([await statusOf('ya29.good', opened), await statusOf('ya29.other', opened)]).toEqual([200, 401]);
    expect(await statusOf('ya29.unknown', opened)).toBe(401);
    expect(issuer.asked('/tokeninfo').every(({ method }) => method === 'POST')).toBe(true);
  });

  it('never sees an opaque token that is not like its own', async () => {
    await using opened = await open(google('clientId: app\nmcpEnabled: true'), { google: places });
    const before = issuer.asked('/tokeninfo').length;
    expect(await statusOf('opaque', opened)).toBe(401);
    expect(issuer.asked('/tokeninfo')).toHaveLength(before);
  });

  it('takes ID tokens for its client, whose issuer may be without its scheme (OpenID Connect Core §16.15)', async () => {
    await using opened = await open(google('clientId: app\nmcpEnabled: true'), { google: places });
    const bare = issuer.url.replace('http://', '');
    for (const iss of [issuer.url, bare]) {
      expect(await statusOf(await issuer.token({ iss, aud: 'app' }, { header: { typ: 'JWT' } }), opened)).toBe(200);
    }
    expect(await statusOf(await issuer.token({ aud: 'another-app' }), opened)).toBe(401);
  });

  it('drops an e-mail address that Google has not verified', async () => {
    await using opened = await open(google('clientId: app\nmcpEnabled: true'), { google: places });
    for (const [verified, name] of [
      [true, 'eve@example.com'],
      [false, 'alice'],
    ] as const) {
      const token = await issuer.token({ aud: 'app', email: 'eve@example.com', email_verified: verified, n: name });
      const verdict = await opened.resources.verify(token, { resource: { kind: 'mcp', namespace: 'default' } });
      expect(verdict.ok && verdict.value.name).toBe(name);
    }
  });
});
