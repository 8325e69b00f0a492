/** Credentials for one tool: vended at the API, used at the doors, narrowed, validated, taken back. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { bearer, startVending, type Asked, type VendingServer } from './vending.fixture.ts';

let served: VendingServer;
let holder: { readonly id: string; readonly key: string };
beforeAll(async () => {
  served = await startVending();
  holder = await served.key('holder', { scopes: ['write:cities'] });
}, 120_000);
afterAll(() => served.close());

const ACCESS = '/api/v1/tools/default/city/access';
interface Vended {
  readonly token: string;
  readonly resource: string;
  readonly tokenType: string;
  readonly expiresIn: number;
  readonly credential: { readonly id: string; readonly scopes: readonly string[]; readonly expiresAt: string };
}

async function vend(key: string, wish: object = {}, path = ACCESS): Promise<Vended> {
  const { status, body } = await served.ask('POST', path, bearer(key), wish);
  expect([status, body]).toEqual([201, expect.anything()]);
  return body as unknown as Vended;
}

const code = ({ status, body }: Asked): string => `${status} ${String(body['code'])}`;
const invoke = (token: string, tool = 'city', args: object = { id: 1 }): Promise<Asked> =>
  served.ask('POST', `/api/tool/${tool}/invoke`, bearer(token), args);

describe('a credential', () => {
  test('calls its tool at Toolbox’s REST and through the official MCP client, which sees that one tool', async () => {
    const { token, resource } = await vend(holder.key);
    expect(resource).toBe(`${served.url.origin}/api/tool/city`);
    const invoked = await fetch(`${resource}/invoke`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: '{"id":1}',
    });
    expect([invoked.status, await invoked.text()]).toEqual([200, expect.stringContaining('Basel')]);
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', served.url), {
      requestInit: { headers: bearer(token) },
    });
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['city']);
    const { content } = await client.callTool({ name: 'city', arguments: { id: 2 } });
    expect(JSON.stringify(content)).toContain('Bern');
    await expect(client.callTool({ name: 'rename', arguments: { id: 2, name: 'x' } })).rejects.toThrow(/rename/);
    await client.close();
  });

  test('is a JWT that anybody verifies with the published key set, for that one audience', async () => {
    const { token, resource } = await vend(holder.key);
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createRemoteJWKSet(new URL('/.well-known/jwks.json', served.url)),
      { issuer: served.url.origin, audience: resource, typ: 'credential+jwt' },
    );
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ scope: 'execute read', client_id: payload.sub, jti: expect.any(String) });
    expect((payload.exp as number) - (payload.iat as number)).toBeLessThanOrEqual(900);
  });

  test.each([
    ['another tool', 'POST', '/api/tool/rename/invoke', 404],
    ['the administrative API', 'GET', '/api/v1/credentials', 401],
    ['vending for another tool', 'POST', '/api/v1/tools/default/rename/access', 401],
    ['the toolset of all, but for its tool', 'GET', '/api/toolset', 200],
    ['another namespace', 'GET', '/api/n/elsewhere/toolset', 401],
  ])('opens nothing else: %s', async (_, method, path, status) => {
    const { token } = await vend(holder.key);
    const answer = await served.ask(method, path, bearer(token), method === 'POST' ? {} : undefined);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toContain('"rename"');
  });

  test('is exchanged for nothing at the authorization server', async () => {
    const { token } = await vend(holder.key);
    const answer = await fetch(new URL('/oauth/introspect', served.url), {
      method: 'POST',
      headers: bearer(token),
      body: new URLSearchParams({ token }),
    });
    expect(await answer.text()).not.toContain('"active":true');
    const exchanged = await fetch(new URL('/oauth/token', served.url), {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: 'chatelaine-cli' },
        ...{ subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      }),
    });
    expect(exchanged.status).toBeGreaterThanOrEqual(400);
    expect(await exchanged.text()).not.toContain('access_token');
  });

  test('is stored nowhere: what the database has of it is a digest', async () => {
    const { token, credential } = await vend(holder.key);
    const row = await served.services.database.db
      .selectFrom('vended_credentials')
      .selectAll()
      .where('id', '=', credential.id)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(token.split('.')[2]);
    expect(row.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('costs no signature and no statement when it comes again', async () => {
    const { token } = await vend(holder.key);
    expect((await invoke(token)).status).toBe(200);
    const { verifier } = await served.credentials.open();
    const before = verifier.signatures;
    for (let calls = 0; calls < 20; calls++) expect((await invoke(token)).status).toBe(200);
    expect(verifier.signatures).toBe(before);
  });

  test('is given once: a repetition of the request says so and does not show it', async () => {
    const headers = { ...bearer(holder.key), 'idempotency-key': 'once' };
    const first = await served.ask('POST', ACCESS, headers, {});
    const again = await served.ask('POST', ACCESS, headers, {});
    expect([first.status, typeof first.body['token']]).toEqual([201, 'string']);
    expect([again.status, again.body['token']]).toEqual([201, null]);
  });
});

describe('what is given is requested ∩ policy ∩ caller', () => {
  test.each([
    ['all that can be had where nothing is asked for', {}, ['execute', 'read']],
    ['what was asked for and no more', { scopes: ['execute'] }, ['execute']],
    ['nothing of what the tool does not know', { scopes: ['execute', 'admin', 'write:cities'] }, ['execute']],
  ])('%s', async (_, wish, scopes) => {
    expect((await vend(holder.key, wish)).credential.scopes).toEqual(scopes);
  });

  test('a scope of the tool is given to who has it, and to nobody else', async () => {
    const rename = '/api/v1/tools/default/rename/access';
    const given = await vend(holder.key, {}, rename);
    expect(given.credential.scopes).toEqual(['execute', 'read', 'write:cities']);
    expect((await invoke(given.token, 'rename', { id: 3, name: 'Bienne' })).status).toBe(200);
    const { key } = await served.key('without');
    const less = await vend(key, { scopes: ['execute', 'write:cities'] }, rename);
    expect(less.credential.scopes).toEqual(['execute']);
    expect(code(await invoke(less.token, 'rename', { id: 3, name: 'x' }))).toContain('403');
  });

  test('a key that is for reading is given no credential that calls', async () => {
    const { key } = await served.key('reader', { access: ['read'] });
    expect((await vend(key)).credential.scopes).toEqual(['read']);
    expect(code(await served.ask('POST', ACCESS, bearer(key), { scopes: ['execute'] }))).toBe(
      '403 CREDENTIAL_SCOPES_EMPTY',
    );
  });

  test('a key for certain tools is given credentials for those alone', async () => {
    const { key } = await served.key('limited', { allowedTools: ['rename'] });
    expect(code(await served.ask('POST', ACCESS, bearer(key), {}))).toBe('404 ACCESS_TOOL_UNKNOWN');
  });

  test.each([0, -1, 0.5, 3601, 1e9])('a duration of %s seconds is none', async (durationSeconds) => {
    expect(code(await served.ask('POST', ACCESS, bearer(holder.key), { durationSeconds }))).toBe(
      '400 CREDENTIAL_DURATION_REFUSED',
    );
  });

  test('REG-016: what nobody may say is refused, and not left out', async () => {
    for (const extra of [{ sub: 'root' }, { expiresAt: '2099-01-01T00:00:00Z' }, { holder: 'root' }, { jti: 'x' }]) {
      expect(code(await served.ask('POST', ACCESS, bearer(holder.key), extra))).toBe('400 REQUEST_INVALID');
    }
  });
});

describe('a narrower one is made from it', () => {
  test('with fewer scopes and less time, and ends with it', async () => {
    const parent = await vend(holder.key);
    const child = await vend(parent.token, { scopes: ['execute'], durationSeconds: 60 });
    expect(child.credential).toMatchObject({ scopes: ['execute'], parent: parent.credential.id });
    expect((await invoke(child.token)).status).toBe(200);
    const grandchild = await vend(child.token);
    expect(Date.parse(grandchild.credential.expiresAt)).toBeLessThanOrEqual(Date.parse(child.credential.expiresAt));
    await served.ask('DELETE', `/api/v1/credentials/${parent.credential.id}`, bearer(await adminKey()));
    for (const { token } of [parent, child, grandchild]) expect((await invoke(token)).status).toBe(401);
  });

  test.each([
    ['a scope that it has not', { scopes: ['execute', 'read'] }],
    ['a time beyond its own', { durationSeconds: 3600 }],
  ])('a wider one is refused: %s', async (_, wish) => {
    const parent = await vend(holder.key, { scopes: ['execute'], durationSeconds: 120 });
    expect(code(await served.ask('POST', ACCESS, bearer(parent.token), wish))).toBe('403 CREDENTIAL_WIDER');
  });
});

let admin: string | undefined;
const adminKey = async (): Promise<string> =>
  (admin ??= (await served.key('root', { roles: ['admin'], access: ['read', 'execute', 'admin'] })).key);

describe('POL-010: without a policy that permits `vend` nothing is given', () => {
  test('to nobody, an administrator neither, and it is on record', async () => {
    const denied = await startVending({
      cedar: 'permit (principal, action in [Action::"read", Action::"execute"], resource);',
    });
    try {
      const { key } = await denied.key('boss', { roles: ['admin'], access: ['read', 'execute', 'admin'] });
      expect(code(await denied.ask('POST', ACCESS, bearer(key), {}))).toBe('403 CREDENTIAL_REFUSED');
      const { records } = await denied.services.audit.query({ type: 'credential.refused' }, { limit: 1 });
      expect(records[0]).toMatchObject({ outcome: 'denied', decision: 'forbid', error: 'CREDENTIAL_REFUSED' });
    } finally {
      await denied.close();
    }
  });

  test('and a tool that policies hide is as one that is not there', async () => {
    const hidden = await startVending({
      cedar: 'permit (principal, action, resource == Tool::"default/rename");',
    });
    try {
      const { key } = await hidden.key('curious');
      const [there, nowhere] = [
        await hidden.ask('POST', ACCESS, bearer(key), {}),
        await hidden.ask('POST', '/api/v1/tools/default/town/access', bearer(key), {}),
      ];
      expect([code(there), code(nowhere)]).toEqual(['404 ACCESS_TOOL_UNKNOWN', '404 ACCESS_TOOL_UNKNOWN']);
    } finally {
      await hidden.close();
    }
  });

  test('what a permit asks in return holds: time, scopes, and a yes that a credential cannot wait for', async () => {
    const strict = await startVending({
      cedar: `
permit (principal, action == Action::"execute", resource);
@duration("1m") @scopes("execute") permit (principal, action == Action::"vend", resource == Tool::"default/city");
@approval permit (principal, action == Action::"vend", resource == Tool::"default/rename");`,
    });
    try {
      const { key } = await strict.key('agent');
      const { body } = await strict.ask('POST', ACCESS, bearer(key), { durationSeconds: 3600 });
      const { credential, expiresIn } = body as unknown as Vended;
      expect(credential.scopes).toEqual(['execute']);
      expect(expiresIn).toBeLessThanOrEqual(60);
      const rename = await strict.ask('POST', '/api/v1/tools/default/rename/access', bearer(key), {});
      expect(code(rename)).toBe('403 CREDENTIAL_NEEDS_APPROVAL');
    } finally {
      await strict.close();
    }
  });
});

describe('it ends', () => {
  const ENDS: readonly (readonly [string, (made: Vended, of: { id: string; agent: string }) => Promise<unknown>])[] = [
    [
      'when it is revoked',
      async ({ credential }) => served.ask('DELETE', `/api/v1/credentials/${credential.id}`, bearer(await adminKey())),
    ],
    ['when its holder gives it up', ({ token }) => served.ask('DELETE', ACCESS, bearer(token))],
    ['with the key that it was made with', (_, { id }) => served.services.identity.keys.revoke(operator(), id)],
    ['with its holder', (_, { agent }) => served.services.identity.agents.disable(operator(), agent)],
    [
      'with all of its tool',
      async () => served.ask('DELETE', '/api/v1/tools/default/city/credentials', bearer(await adminKey())),
    ],
    [
      'with all of its agent',
      async (_, { agent }) =>
        served.ask('DELETE', `/api/v1/agents/default/${agent}/credentials`, bearer(await adminKey())),
    ],
    ['with its namespace', () => served.services.identity.namespaces.disable(operator(), 'default')],
  ];

  test.each(ENDS)('%s: at the next request here, within a second elsewhere', async (what, end) => {
    const other = await startVending({ beside: served });
    try {
      const agent = `ending-${ENDS.findIndex(([name]) => name === what)}`;
      const { id, key } = await served.key(agent);
      const vended = await vend(key);
      const there = () => other.ask('POST', '/api/tool/city/invoke', bearer(vended.token), { id: 1 });
      expect([(await invoke(vended.token)).status, (await there()).status]).toEqual([200, 200]);
      await end(vended, { id, agent });
      expect((await invoke(vended.token)).status).toBe(401);
      await expect.poll(async () => (await there()).status, { timeout: 10_000 }).toBe(401);
    } finally {
      await served.services.identity.namespaces.enable(operator(), 'default');
      await other.close();
    }
  });
});

describe('who publishes tools is told whether one counts', () => {
  const validate = async (token: string, of = 'default', more: object = {}): Promise<Asked> => {
    const { key } = await served.key(`publisher-of-${of}`, { namespace: of, roles: ['tool_publisher'] });
    return await served.ask('POST', '/api/v1/credentials/validate', bearer(key), { token, ...more });
  };

  test('with whose it is, for what and how long', async () => {
    const { token, credential } = await vend(holder.key);
    const { body } = await validate(token, 'default', { scope: 'execute' });
    expect(body).toMatchObject({ valid: true, tool_id: 'default/city', scopes: ['execute', 'read'] });
    expect(body['expires_at']).toBe(credential.expiresAt);
    expect(body['agent_id']).toBe(decodeJwt(token).sub);
  });

  test('REG-015: unknown, foreign, revoked, of too few scopes and never issued are one answer', async () => {
    const [good, revoked] = [await vend(holder.key, { scopes: ['execute'] }), await vend(holder.key)];
    await served.ask('DELETE', ACCESS, bearer(revoked.token));
    const [head, , signature] = good.token.split('.');
    const changed = Buffer.from(JSON.stringify({ ...decodeJwt(good.token), scope: 'admin' })).toString('base64url');
    const answers = [
      await validate('garbage'),
      await validate(revoked.token),
      await validate(good.token, 'elsewhere'),
      await validate(good.token, 'default', { scope: 'read' }),
      await validate(`${head}.${changed}.${signature}`),
      await validate(holder.key),
    ];
    const said = answers.map(({ status, body }) => [status, body]);
    expect(new Set(said.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify([200, { valid: false, error: 'the credential does not count here' }])]),
    );
  });

  test('and whoever has one asks about it with it', async () => {
    const { token } = await vend(holder.key, { scopes: ['execute'] });
    const path = '/api/v1/tools/default/city/validate-access';
    expect((await served.ask('GET', path, bearer(token))).body).toMatchObject({ valid: true });
    expect((await served.ask('GET', `${path}?scope=read`, bearer(token))).body).toMatchObject({ valid: false });
    expect((await served.ask('GET', path, bearer(holder.key))).body).toMatchObject({ valid: false });
  });
});

describe('lists', () => {
  test('show the caller their own, administrators and auditors all of their namespace, and foreigners nothing', async () => {
    const { credential } = await vend(holder.key);
    const ids = async (key: string, query = ''): Promise<readonly string[]> => {
      const { body } = await served.ask('GET', `/api/v1/credentials?limit=1000${query}`, bearer(key));
      return (body['items'] as unknown as readonly { id: string }[]).map(({ id }) => id);
    };
    const others = (await served.key('bystander')).key;
    const auditor = (await served.key('auditor', { roles: ['auditor'] })).key;
    const foreign = (await served.key('foreign', { namespace: 'elsewhere', roles: ['admin'] })).key;
    expect(await ids(holder.key)).toContain(credential.id);
    expect(await ids(auditor, '&tool=city')).toContain(credential.id);
    expect(await ids(others)).toEqual([]);
    expect(await ids(foreign)).toEqual([]);
    const one = (key: string) => served.ask('GET', `/api/v1/credentials/${credential.id}`, bearer(key));
    expect([(await one(holder.key)).status, code(await one(others)), code(await one(foreign))]).toEqual([
      200,
      '404 CREDENTIAL_UNKNOWN',
      '404 CREDENTIAL_UNKNOWN',
    ]);
  });
});

test('vending and taking back are on record, without the token', async () => {
  const { token, credential } = await vend(holder.key);
  await served.ask('DELETE', `/api/v1/credentials/${credential.id}`, bearer(await adminKey()));
  const { records } = await served.services.audit.query({ type: 'credential.vended' }, { limit: 2 });
  expect(records.map(({ outcome }) => outcome).toSorted()).toEqual(['intent', 'success']);
  expect(records[0]?.details).toMatchObject({ credential: credential.id, through: 'api-key' });
  expect(JSON.stringify(records)).not.toContain(token.split('.')[2]);
  const revoked = await served.services.audit.query({ type: 'credential.revoked', outcome: 'success' }, { limit: 1 });
  expect(revoked.records[0]?.object).toMatchObject({ kind: 'credential', id: credential.id });
});
