/** Access tokens of trusted issuers at the doors: which count, and what everybody else is told. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AUDIENCE, signingKey, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { serve } from '../../../test/http-server.ts';
import {
  authServicesOf,
  call,
  challengeOf,
  KEY,
  listed,
  openDoors,
  rpc,
  SCOPED_KEY,
  type Doors,
} from './token-doors.fixture.ts';

let issuer: TestIssuer;
let other: TestIssuer;
let doors: Doors;

const service = (name: string, of: TestIssuer, fields = 'mcpEnabled: true'): string => `
kind: authService
name: ${name}
type: generic
audience: ${AUDIENCE}
authorizationServer: ${of.url}
${fields}
`;

const open = (yaml: string, options: Partial<Parameters<typeof openDoors>[0]> = {}): Promise<Doors> => {
  const services = authServicesOf(yaml);
  return openDoors({ services: () => services, ...options });
};

beforeAll(async () => {
  issuer = await startIssuer();
  other = await startIssuer();
  doors = await open(
    [
      service('mine', issuer),
      service('other', other, 'mcpEnabled: true\nintrospectionEndpoint: http://127.0.0.1:9/none'),
    ].join('---'),
  );
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});
beforeEach(() => {
  issuer.trouble.clear();
});

const statusOf = async (token: string, at = doors): Promise<number> =>
  (await call(`${at.url}/mcp`, token, 'open')).status;

describe('a token of a trusted issuer', () => {
  it.each(['ES256', 'RS256', 'PS384', 'EdDSA'] as const)('counts when signed with %s', async (alg) => {
    await using fresh = await startIssuer();
    const key = signingKey(alg);
    fresh.keys = [key];
    await using opened = await open(service('mine', fresh));
    const token = await fresh.token({}, { key });
    expect(await statusOf(token, opened)).toBe(200);
  });

  it('opens MCP and REST, and its subject is on record with its issuer', async () => {
    const token = await issuer.token({ sub: 'carol', jti: 'token-1', client_id: 'editor' });
    expect(await statusOf(token)).toBe(200);
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const invoked = await fetch(`${doors.url}/api/tool/open/invoke`, { method: 'POST', headers, body: '{}' });
    expect(invoked.status).toBe(200);
    expect(doors.trail.events).toContainEqual(
      expect.objectContaining({
        type: 'authentication',
        actor: expect.objectContaining({ kind: 'user', iss: issuer.url, sub: 'carol' }),
        details: { method: 'token', issuer: issuer.url, service: 'mine', jti: 'token-1', clientId: 'editor' },
      }),
    );
  });

  it('has the scopes of `scope` and of `scp`, as a text or a list', async () => {
    for (const claims of [{ scope: 'read write' }, { scope: undefined, scp: ['write'] }, { scp: 'write' }]) {
      const response = await call(`${doors.url}/mcp`, await issuer.token(claims), 'write');
      expect([claims, response.status]).toEqual([claims, 200]);
    }
  });

  it('counts in its own namespace alone', async () => {
    await using opened = await open(service('mine', issuer, 'namespace: team\nmcpEnabled: true'));
    const token = await issuer.token();
    const [there, elsewhere] = [
      await call(`${opened.url}/mcp/n/team`, token, 'open'),
      await call(`${opened.url}/mcp`, token, 'open'),
    ];
    expect([there.status, elsewhere.status]).toEqual([200, 401]);
  });

  it('never opens the administrative API', async () => {
    const response = await fetch(`${doors.url}/api/v1/users`, {
      headers: { Authorization: `Bearer ${await issuer.token({ scope: 'admin' })}` },
    });
    expect(response.status).toBe(404);
  });

  it('is verified once in 1,000 calls, and its keys are fetched once (performance)', async () => {
    await using fresh = await startIssuer();
    await using opened = await open(service('mine', fresh));
    const token = await fresh.token();
    for (let block = 0; block < 20; block++) {
      const statuses = await Promise.all(Array.from({ length: 50 }, () => statusOf(token, opened)));
      expect(new Set(statuses)).toEqual(new Set([200]));
    }
    expect(opened.resources.counts()['default/mine']).toEqual({ signatures: 1, introspections: 0 });
    expect([fresh.asked('/keys').length, fresh.asked('/.well-known/openid-configuration').length]).toEqual([1, 1]);
  });

  it('ends with its `exp`, also when it is remembered', async () => {
    let now = Date.now();
    const services = authServicesOf(service('mine', issuer));
    await using opened = await openDoors({ services: () => services, clock: { now: () => now } });
    const token = await issuer.token({ exp: Math.floor(now / 1000) + 60 });
    expect(await statusOf(token, opened)).toBe(200);
    now += 89_000;
    expect(await statusOf(token, opened)).toBe(200);
    now += 2_000;
    expect(await statusOf(token, opened)).toBe(401);
  });
});

describe('MCP-017: a session that was opened with a token', () => {
  it('goes on with the next token of the same person, and is not there for anybody else', async () => {
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const opened = await rpc(`${doors.url}/mcp`, await issuer.token({ jti: 'first' }), 'initialize', initialize);
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') ?? '' };
    const ping = async (token: string | undefined): Promise<number> =>
      (await rpc(`${doors.url}/mcp`, token, 'ping', {}, headers)).status;
    expect([
      await ping(await issuer.token({ jti: 'second' })),
      await ping(await issuer.token({ sub: 'bob' })),
      // The same subject of another issuer is another person.
      await ping(await other.token()),
      await ping(await issuer.token({ exp: 1 })),
      await ping(undefined),
    ]).toEqual([200, 404, 404, 401, 401]);
  });
});

describe('somebody who is known here', () => {
  const person = {
    user: {
      id: 'u1',
      name: 'alice',
      issuer: '',
      subject: 'alice',
      disabledAt: null,
      erasedAt: null,
      createdAt: 0,
      changedAt: 0,
    },
    groups: [],
  };

  it('has the roles that they have here, and is on record by our id', async () => {
    let role = 'user';
    await using opened = await open(service('mine', issuer), {
      people: {
        ofSubject: async (iss, subject) =>
          iss === issuer.url && subject === 'alice'
            ? { ...person, grants: [{ role: role as 'user', namespace: 'default' }] }
            : 'unknown',
      },
    });
    const token = await issuer.token();
    expect(await statusOf(token, opened)).toBe(200);
    expect(opened.trail.events.at(-1)?.actor).toMatchObject({
      kind: 'user',
      iss: 'chatelaine',
      sub: 'u1',
      name: 'alice',
    });
    role = 'auditor';
    opened.resources.peopleChanged();
    // The token still opens the door; no policy lets an auditor call.
    expect(await (await call(`${opened.url}/mcp`, token, 'open')).text()).toContain('no tool is called `open`');
    expect(opened.resources.counts()['default/mine']?.signatures).toBe(1);
  });

  it('is cut off when disabled, with the token that was remembered', async () => {
    let disabled = false;
    await using opened = await open(service('mine', issuer), {
      people: { ofSubject: async () => (disabled ? 'disabled' : 'unknown') },
    });
    const token = await issuer.token();
    expect(await statusOf(token, opened)).toBe(200);
    disabled = true;
    opened.resources.peopleChanged();
    expect(await statusOf(token, opened)).toBe(401);
  });

  it('is asked about again when the state cannot be read: 503, never a yes', async () => {
    await using opened = await open(service('mine', issuer), {
      people: { ofSubject: () => Promise.reject(new Error('no database')) },
    });
    expect(await statusOf(await issuer.token(), opened)).toBe(503);
  });
});

describe('MCP-006: a token for somebody else', () => {
  const audiences: [what: string, aud: unknown][] = [
    ['another resource', 'https://tools.example/mcp/other'],
    ['the issuer itself', 'https://issuer.example'],
    ['nobody', undefined],
    ['us and somebody else', [AUDIENCE, 'https://evil.example']],
    ['us with a slash more', `${AUDIENCE}/`],
    ['us in another case', AUDIENCE.toUpperCase()],
    ['what begins like us', `${AUDIENCE}-b`],
    ['a number', 7],
    ['an empty list', []],
    ['a list with a list in it', [[AUDIENCE]]],
  ];
  it.each(audiences)('is refused: for %s', async (_, aud) => {
    const response = await call(`${doors.url}/mcp`, await issuer.token({ aud }), 'open');
    expect([response.status, challengeOf(response)['error']]).toEqual([401, 'invalid_token']);
  });

  it('counts where the other audience is listed in `otherAudiences`', async () => {
    await using opened = await open(service('mine', issuer, 'mcpEnabled: true\notherAudiences: [account]'));
    expect(await statusOf(await issuer.token({ aud: [AUDIENCE, 'account'] }), opened)).toBe(200);
  });
});

describe('MCP-009: a token whose signature is none', () => {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const forged: [what: string, forge: (good: string) => string][] = [
    ...['none', 'None', 'nOnE', 'NONE'].map((alg): [string, (good: string) => string] => [
      `alg ${alg}`,
      (good) => `${encode({ alg })}.${good.split('.')[1]}.`,
    ]),
    ['alg none with a signature', (good) => `${encode({ alg: 'none' })}.${good.split('.')[1]}.${good.split('.')[2]}`],
    ['no signature', (good) => good.slice(0, good.lastIndexOf('.') + 1)],
    ['half a signature', (good) => good.slice(0, -20)],
    ['a fourth part', (good) => `${good}.${good.split('.')[2]}`],
    [
      'another payload',
      (good) => [good.split('.')[0], encode(issuer.claims({ sub: 'root' })), good.split('.')[2]].join('.'),
    ],
    [
      'HMAC under the published key (RFC 8725 §2.1)',
      () => {
        const text = `${encode({ alg: 'HS256', kid: issuer.key.kid })}.${encode(issuer.claims())}`;
        return `${text}.${createHmac('sha256', JSON.stringify(issuer.key.jwk)).update(text).digest('base64url')}`;
      },
    ],
  ];
  it.each(forged)('is refused: %s', async (_, forge) => {
    const response = await call(`${doors.url}/mcp`, forge(await issuer.token()), 'open');
    expect(response.status).toBe(401);
  });
});

describe('MCP-011: a key id that is chosen by the attacker', () => {
  it.each(['../../dev/null', '/proc/self/environ', "' OR 1=1--", '__proto__', 'constructor', 'x'.repeat(2000)])(
    'finds nothing: %s',
    async (kid) => {
      expect(await statusOf(await issuer.token({}, { header: { kid } }))).toBe(401);
    },
  );
  it.each([7, ['a'], { a: 1 }, null])('is a short text and nothing else: %j', async (kid) => {
    const token = await issuer.token({}, { header: { kid: kid as unknown as string } }).catch(() => undefined);
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid })).toString('base64url');
    expect(await statusOf(token ?? [header, ...(await issuer.token()).split('.').slice(1)].join('.'))).toBe(401);
  });

  it('has the keys fetched again once in 30 s and no more, however many are made up', async () => {
    await using fresh = await startIssuer();
    let now = Date.now();
    const services = authServicesOf(service('mine', fresh));
    await using opened = await openDoors({ services: () => services, clock: { now: () => now } });
    await statusOf(await fresh.token(), opened);
    now += 31_000;
    for (let count = 0; count < 40; count++) {
      expect(await statusOf(await fresh.token({}, { header: { kid: `made-up-${count}` } }), opened)).toBe(401);
    }
    expect(fresh.asked('/keys')).toHaveLength(2);
  });

  it('is found after a rotation, and what the withdrawn key vouched for counts no more', async () => {
    await using fresh = await startIssuer();
    let now = Date.now();
    const services = authServicesOf(service('mine', fresh));
    await using opened = await openDoors({ services: () => services, clock: { now: () => now } });
    const old = await fresh.token();
    expect(await statusOf(old, opened)).toBe(200);
    const next = signingKey();
    fresh.keys = [next];
    now += 31_000;
    expect(await statusOf(await fresh.token({}, { key: next }), opened)).toBe(200);
    expect(await statusOf(old, opened)).toBe(401);
  });
});

describe('keys that their issuer cannot confirm', () => {
  it('are believed for an hour and no longer, also for a token that is remembered', async () => {
    await using fresh = await startIssuer();
    let now = Date.now();
    const services = authServicesOf(service('mine', fresh));
    await using opened = await openDoors({ services: () => services, clock: { now: () => now } });
    const token = await fresh.token({ exp: Math.floor(now / 1000) + 7200 });
    expect(await statusOf(token, opened)).toBe(200);
    fresh.trouble.set('/keys', (_, response) => response.writeHead(500).end());
    now += 59 * 60_000;
    expect(await statusOf(token, opened)).toBe(200);
    now += 2 * 60_000;
    expect(await statusOf(token, opened)).toBe(503);
    fresh.trouble.clear();
    now += 6_000;
    expect(await statusOf(token, opened)).toBe(200);
  });

  it('are fetched anew while tokens are used, so that one that was withdrawn ends', async () => {
    await using fresh = await startIssuer();
    let now = Date.now();
    const services = authServicesOf(service('mine', fresh));
    await using opened = await openDoors({ services: () => services, clock: { now: () => now } });
    const token = await fresh.token({ exp: Math.floor(now / 1000) + 7200 });
    expect(await statusOf(token, opened)).toBe(200);
    fresh.keys = [signingKey()];
    now += 11 * 60_000;
    await expect.poll(() => statusOf(token, opened), { timeout: 3000 }).toBe(401);
  });
});

describe('MCP-012: a token that brings its own key', () => {
  it('is refused, and nobody fetches what it points to', async () => {
    await using catcher = await serve((_, response) => response.end('{}'));
    const own = signingKey('ES256', issuer.key.kid);
    const headers: Record<string, unknown>[] = [
      { jku: `${catcher.url}/keys` },
      { x5u: `${catcher.url}/cert` },
      { jwk: own.jwk },
      { x5c: ['MIIB'] },
    ];
    for (const header of headers) expect(await statusOf(await issuer.token({}, { key: own, header }))).toBe(401);
    expect(catcher.connections()).toBe(0);
  });

  it.each([
    { crit: ['x'], x: 1 },
    { crit: ['b64'], b64: false },
  ])('is refused for critical extensions that nobody understands: %j (RFC 7515 §4.1.11)', async (extra) => {
    const [, payload, signature] = (await issuer.token()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: issuer.key.kid, ...extra })).toString('base64url');
    expect(await statusOf(`${header}.${payload}.${signature}`)).toBe(401);
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt'])(
    'is refused for another purpose: typ %s (RFC 8725 §3.11)',
    async (typ) => {
      expect(await statusOf(await issuer.token({}, { header: { typ } }))).toBe(401);
    },
  );

  it('is refused where it is bound to a key, of which nothing was proved (RFC 9449 §7.1, RFC 8705 §3)', async () => {
    expect(await statusOf(await issuer.token({ cnf: { jkt: 'x' } }))).toBe(401);
  });
});

describe('MCP-013: one issuer taken for another', () => {
  it.each([
    ['a list with the right one', () => [issuer.url, 'https://evil.example']],
    ['with a slash more', () => `${issuer.url}/`],
    ['nobody', () => undefined],
    ['a stranger', () => 'https://stranger.example'],
  ])('is refused: iss is %s', async (_, iss) => {
    expect(await statusOf(await issuer.token({ iss: iss() }))).toBe(401);
  });

  it('has its keys looked up with their issuer, although another has one of that id', async () => {
    const twin = signingKey('ES256', issuer.key.kid);
    await using third = await startIssuer();
    third.keys = [twin];
    await using opened = await open([service('mine', issuer), service('third', third)].join('---'));
    expect(await statusOf(await issuer.token(), opened)).toBe(200);
    expect(await statusOf(await third.token({}, { key: twin }), opened)).toBe(200);
    expect(await statusOf(await third.token({ iss: issuer.url }, { key: twin }), opened)).toBe(401);
  });

  it('gets a token of both issuers side by side through', async () => {
    expect([await statusOf(await issuer.token()), await statusOf(await other.token())]).toEqual([200, 200]);
  });
});

describe('MCP-014: times that are no times', () => {
  const now = (): number => Math.floor(Date.now() / 1000);
  const times: [what: string, claims: () => Record<string, unknown>][] = [
    ['no exp', () => ({ exp: undefined })],
    ['exp past the leeway', () => ({ exp: now() - 31 })],
    ['exp as a text', () => ({ exp: String(now() + 600) })],
    ['exp with a fraction', () => ({ exp: now() + 600.5 })],
    ['a negative exp', () => ({ exp: -1 })],
    ['an exp beyond counting', () => ({ exp: 2 ** 63 })],
    ['nbf in the future', () => ({ nbf: now() + 120 })],
    ['nbf as a text', () => ({ nbf: 'now' })],
    ['iat in the far future', () => ({ iat: now() + 86_400 })],
  ];
  it.each(times)('are refused: %s', async (_, claims) => {
    expect(await statusOf(await issuer.token(claims()))).toBe(401);
  });

  it('may be 30 s apart, as clocks are', async () => {
    expect(await statusOf(await issuer.token({ exp: now() - 15, nbf: now() + 15 }))).toBe(200);
  });

  it('are refused as a number that is infinite', async () => {
    const payload = JSON.stringify(issuer.claims()).replace(/"exp":\d+/, '"exp":1e400');
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: issuer.key.kid })).toString('base64url');
    const text = `${header}.${Buffer.from(payload).toString('base64url')}`;
    const { sign } = await import('node:crypto');
    const signature = sign('sha256', Buffer.from(text), { key: issuer.key.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(await statusOf(`${text}.${signature.toString('base64url')}`)).toBe(401);
  });
});

describe('scopes that every credential needs', () => {
  it('are asked of tokens and of API keys, on every method, all at once', async () => {
    await using opened = await open(service('mine', issuer, 'mcpEnabled: true\nscopesRequired: [read, use]'));
    for (const token of [KEY, await issuer.token({ scope: 'read' })]) {
      for (const [method, params] of [
        ['initialize', { protocolVersion: '2025-11-25', capabilities: {} }],
        ['tools/list', {}],
        ['tools/call', { name: 'open' }],
      ] as const) {
        const response = await rpc(`${opened.url}/mcp`, token, method, params);
        expect([method, response.status]).toEqual([method, 403]);
        expect(challengeOf(response)).toMatchObject({
          error: 'insufficient_scope',
          scope: 'read use',
          resource_metadata: `${opened.url}/.well-known/oauth-protected-resource/mcp`,
        });
      }
    }
    expect(await statusOf(await issuer.token({ scope: 'use read' }), opened)).toBe(200);
  });

  it('come with those of the tool in one challenge, so that one step-up suffices', async () => {
    await using opened = await open(service('mine', issuer, 'mcpEnabled: true\nscopesRequired: [read]'));
    const response = await call(`${opened.url}/mcp`, await issuer.token(), 'write');
    expect(response.status).toBe(403);
    expect(challengeOf(response)).toMatchObject({ error: 'insufficient_scope', scope: 'read write' });
    expect((await call(`${opened.url}/mcp`, SCOPED_KEY, 'write')).status).toBe(200);
  });

  it('stand in the challenge of a 401, with where the metadata are (MCP Authorization)', async () => {
    await using opened = await open(service('mine', issuer, 'mcpEnabled: true\nscopesRequired: [read]'));
    for (const [path, door] of [
      ['/mcp', '/mcp'],
      ['/mcp/few', '/mcp/few'],
      ['/mcp/n/default/few/', '/mcp/few'],
      ['/api/toolset', '/api'],
    ] as const) {
      const response = await fetch(`${opened.url}${path}`);
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toEqual({
        realm: 'chatelaine',
        scope: 'read',
        resource_metadata: `${opened.url}/.well-known/oauth-protected-resource${door}`,
      });
    }
  });

  it('do not take a tool from the list: they stand beside it', async () => {
    expect(await listed(`${doors.url}/mcp`, await issuer.token())).toEqual(['open', 'write', 'whoami', 'guarded']);
  });
});

describe('an issuer that is away', () => {
  it('stops nobody else, is visible in /readyz, and answers 503 with Retry-After to its own', async () => {
    await using away = await startIssuer();
    await using opened = await open([service('mine', issuer), service('away', away)].join('---'));
    const token = await away.token();
    away.trouble.set('/.well-known/openid-configuration', (_, response) => response.writeHead(500).end());
    const response = await call(`${opened.url}/mcp`, token, 'open');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.json()).toMatchObject({ code: 'CREDENTIAL_UNVERIFIABLE' });
    expect([await statusOf(KEY, opened), await statusOf(await issuer.token(), opened)]).toEqual([200, 200]);
    expect(await (await fetch(`${opened.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      authServices: { mine: { state: 'ok' }, away: { state: 'unreachable' } },
    });
  });

  it.each([
    ['calls itself otherwise (OpenID Connect Discovery §4.3)', { issuer: 'https://somebody.example' }],
    ['names keys in the clear on another machine', { jwks_uri: 'http://192.0.2.1/keys' }],
    ['names no keys', { jwks_uri: undefined }],
  ])('is as one that %s', async (_, configuration) => {
    await using odd = await startIssuer();
    odd.configuration = configuration;
    await using opened = await open(service('odd', odd));
    expect(await statusOf(await odd.token(), opened)).toBe(503);
  });

  it('is as one that redirects: nobody follows', async () => {
    await using odd = await startIssuer();
    odd.trouble.set('/keys', (_, response) => response.writeHead(302, { Location: `${issuer.url}/keys` }).end());
    await using opened = await open(service('odd', odd));
    expect(await statusOf(await odd.token(), opened)).toBe(503);
  });

  it('is not let reach this machine by what it publishes', async () => {
    const yaml = service('mine', issuer).replace(issuer.url, 'https://issuer.invalid');
    await using opened = await open(yaml);
    expect(await statusOf(await issuer.token({ iss: 'https://issuer.invalid' }), opened)).toBe(503);
  });
});
