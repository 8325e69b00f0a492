/** The command as a resource server: tokens of an issuer, beside keys, from the configuration to the call. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provisionUser } from '#identity';
import { systemClock } from '#kernel';
import { serve as catcher } from '../../../test/http-server.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { withServices } from './api.fixture.ts';
import {
  CITIES,
  makeKey,
  run,
  SCOPED,
  start,
  workspace,
  type RunningServer,
  type Workspace,
} from './server.fixture.ts';

let issuer: TestIssuer;
let place: Workspace;
let server: RunningServer | undefined;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer[Symbol.asyncDispose]());
beforeEach(() => {
  place = workspace();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

const service = (fields = 'mcpEnabled: true'): string => `
---
kind: authService
name: corporate
type: generic
audience: ${AUDIENCE}
authorizationServer: ${issuer.url}
${fields}
`;

const serve = async (config: string, env: Record<string, string> = {}): Promise<void> => {
  const file = place.write('tools.yaml', config);
  server = await start(['--config', file, '--data-dir', place.dataDir], { cwd: place.folder, env });
};

const invoke = (tool: string, token: string, args: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server?.url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(args),
  });

/** Somebody who signed in once at that issuer, as a browser would have had them. */
const signedIn = (subject: string, name: string): Promise<unknown> =>
  withServices(place.dataDir, systemClock, ({ identity, users }) => {
    const who = { issuer: issuer.url, subject, preferredName: name };
    return provisionUser({ frame: identity.frame, users }, { door: 'oauth' }, who);
  });

describe('serve with an authService', () => {
  it('takes its tokens beside keys, and asks both for the scopes of a tool', async () => {
    await serve(CITIES + SCOPED + service());
    const { key } = await makeKey(place.dataDir);
    const token = await issuer.token();
    expect([(await invoke('city', key, { id: 1 })).status, (await invoke('city', token, { id: 1 })).status]).toEqual([
      200, 200,
    ]);
    const refused = await invoke('rename', token, { id: 3, name: 'Bienne' });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toMatch(
      /scope="write:cities", resource_metadata="http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/api"/,
    );
    const stepped = await invoke('rename', await issuer.token({ scope: 'write:cities' }), { id: 3, name: 'Bienne' });
    expect(await stepped.json()).toEqual({ result: '[{"name":"Bienne"}]' });
  });

  it('starts while the issuer is away, and serves who comes with a key', async () => {
    await serve(CITIES + service().replace(issuer.url, 'http://127.0.0.1:9'));
    const { key } = await makeKey(place.dataDir);
    expect((await invoke('city', key, { id: 1 })).status).toBe(200);
    expect((await invoke('city', await issuer.token({ iss: 'http://127.0.0.1:9' }), { id: 1 })).status).toBe(503);
    expect(await (await fetch(`${server?.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      authServices: { corporate: { state: 'unreachable' } },
    });
  });

  it('cuts off within a second whoever is disabled by another process, whatever their token says', async () => {
    const binding = `
---
kind: roleBinding
name: alice
role: user
user: alice
issuer: ${issuer.url}
`;
    await serve(CITIES + service() + binding);
    await makeKey(place.dataDir);
    await signedIn('alice', 'alice');
    const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 3600 });
    await expect.poll(async () => (await invoke('city', token, { id: 1 })).status, { timeout: 2000 }).toBe(200);
    expect(await run(['user', 'disable', 'alice', '--data-dir', place.dataDir])).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await invoke('city', token, { id: 1 })).status, { timeout: 1000, interval: 50 })
      .toBe(401);
    // Somebody else of the same issuer goes on.
    expect((await invoke('city', await issuer.token({ sub: 'bo' }), { id: 1 })).status).toBe(200);
  });

  it('takes another service, or none, when the file changes', async () => {
    await serve(CITIES);
    const token = await issuer.token();
    expect((await invoke('city', token, { id: 1 })).status).toBe(401);
    place.write('tools.yaml', CITIES + service());
    await expect.poll(async () => (await invoke('city', token, { id: 1 })).status, { timeout: 5000 }).toBe(200);
    place.write('tools.yaml', CITIES);
    await expect.poll(async () => (await invoke('city', token, { id: 1 })).status, { timeout: 5000 }).toBe(401);
  });

  it('asks introspection endpoints as the client of the environment', async () => {
    const env = { INTROSPECTION_CLIENT_ID: 'tools', INTROSPECTION_CLIENT_SECRET: 'from-the-environment' };
    await serve(CITIES + service(), env);
    issuer.opaque.set('opaque-1', issuer.claims({ active: true }));
    expect((await invoke('city', 'opaque-1', { id: 1 })).status).toBe(200);
    expect(issuer.asked('/introspection').at(-1)?.headers.authorization).toBe(
      `Basic ${Buffer.from('tools:from-the-environment').toString('base64')}`,
    );
    expect(server?.stderr()).not.toContain('from-the-environment');
  });

  it.each([
    [{ INTROSPECTION_CLIENT_ID: 'tools' }, () => service(), /there is only `INTROSPECTION_CLIENT_ID`/],
    [{ INTROSPECTION_CLIENT_SECRET: 's' }, () => service(), /there is only `INTROSPECTION_CLIENT_SECRET`/],
    [
      { INTROSPECTION_CLIENT_ID: 'tools', INTROSPECTION_CLIENT_SECRET: 's' },
      () => service() + service().replace('corporate', 'second').replace(issuer.url, 'https://second.example'),
      /could be meant for any of `corporate`, `second`/,
    ],
  ])('does not start with half a client, or one of several services: %j', async (env, services, message) => {
    const file = place.write('tools.yaml', CITIES + services());
    const { code, stderr } = await run(['serve', '--port', '0', '--config', file, '--data-dir', place.dataDir], {
      env,
    });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});

describe('MCP-016: what came from the client', () => {
  it('never travels upstream: neither its token nor one in a header of its own, a cookie or a forwarded identity', async () => {
    await using upstream = await catcher((_, response) =>
      response.setHeader('Content-Type', 'application/json').end('{"ok":true}'),
    );
    await serve(
      `${CITIES}
---
kind: source
name: remote
type: http
baseUrl: ${upstream.url}
allowedIpRanges: [127.0.0.1]
headers:
  X-Own: ours
---
kind: tool
name: fetch
type: http
source: remote
method: POST
path: /thing
description: Fetches.
authRequired: [corporate]
queryParams:
  - name: who
    type: string
    description: Who.
    authServices:
      - name: corporate
        field: sub
${service()}`,
    );
    const [token, beside] = [await issuer.token(), await issuer.token({ sub: 'other', jti: 'beside' })];
    const { key } = await makeKey(place.dataDir);
    const sent = {
      Cookie: 'session=canary-cookie',
      'X-Forwarded-User': 'canary-user',
      'X-Forwarded-Client-Cert': 'canary-cert',
      'X-Authorization': `Bearer ${token}`,
    };
    expect((await invoke('fetch', token, {}, sent)).status).toBe(200);
    expect((await invoke('fetch', key, {}, { ...sent, corporate_token: beside })).status).toBe(200);
    expect(upstream.received.map(({ url }) => url)).toEqual(['/thing?who=alice', '/thing?who=other']);
    const seen = JSON.stringify(upstream.received);
    for (const canary of [
      token,
      beside,
      key,
      token.split('.')[2] as string,
      'canary-cookie',
      'canary-user',
      'canary-cert',
    ]) {
      expect(seen).not.toContain(canary);
    }
    expect(upstream.received[0]?.headers['authorization']).toBeUndefined();
    expect(seen).toContain('ours');
  });
});
