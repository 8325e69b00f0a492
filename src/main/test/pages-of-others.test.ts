/** Clients that run in a page: which endpoints of a server they may call from their own origin (Fetch, CORS protocol). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../test/loopback.ts';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
let url: URL;
beforeAll(async () => {
  place = workspace();
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}`);
  const client = 'kind: client\nname: desk\nclientId: desk\nredirectUris: [https://desk.test/cb]\n';
  const file = place.write(
    'tools.yaml',
    `${CITIES}---\n${client}---\nkind: server\nport: ${port}\npublicUrl: ${url.origin}\n`,
  );
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
});
afterAll(async () => {
  await server.stop();
  place.remove();
});

type Sent = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

const send = (path: string, origin: string, init: Sent = {}): Promise<Response> =>
  fetch(new URL(path, url), { redirect: 'manual', ...init, headers: { origin, ...init.headers } });

const allowed = ({ headers }: Response): string | null => headers.get('access-control-allow-origin');
const form = (fields: Record<string, string>): Sent => ({ method: 'POST', body: new URLSearchParams(fields) });

const preflight = (path: string, origin: string, method = 'POST'): Promise<Response> =>
  send(path, origin, {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,mcp-protocol-version',
    },
  });

test('metadata and keys are for pages of every origin, also where a header asks first', async () => {
  for (const path of [
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/openid-configuration',
    '/.well-known/jwks.json',
    '/.well-known/oauth-protected-resource/mcp',
  ]) {
    const answer = await send(path, 'https://anybody.test');
    expect([path, answer.status, ['*', 'https://anybody.test'].includes(allowed(answer) ?? '')]).toEqual([
      path,
      200,
      true,
    ]);
    const asked = await preflight(path, 'https://anybody.test', 'GET');
    expect([path, asked.status, allowed(asked) !== null]).toEqual([path, 204, true]);
  }
});

test('the token, revocation and pushed request endpoints answer pages of the client’s own origins alone', async () => {
  for (const [path, fields] of [
    ['/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
    ['/oauth/revoke', { token: 'x' }],
    ['/oauth/par', { response_type: 'code' }],
  ] as const) {
    // A preflight does not say which client will ask; what it lets through is decided when the client is known.
    const asked = await preflight(path, 'https://desk.test');
    expect([path, asked.status, allowed(asked)]).toEqual([path, 204, 'https://desk.test']);
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    expect(asked.headers.get('vary')).toMatch(/origin/i);
    const own = await send(path, 'https://desk.test', form({ client_id: 'desk', ...fields }));
    expect([path, allowed(own)]).toEqual([path, 'https://desk.test']);
    for (const origin of ['https://evil.test', 'https://desk.test.evil.test', 'http://desk.test', 'null']) {
      const foreign = await send(path, origin, form({ client_id: 'desk', ...fields }));
      expect([path, origin, foreign.status, allowed(foreign)]).toEqual([path, origin, 400, null]);
    }
  }
});

test('userinfo tells a page nothing but that its token does not count', async () => {
  const asked = await preflight('/oauth/userinfo', 'https://desk.test', 'GET');
  expect([asked.status, allowed(asked)]).toEqual([204, 'https://desk.test']);
  const refused = await send('/oauth/userinfo', 'https://evil.test', { headers: { authorization: 'Bearer x' } });
  expect(refused.status).toBe(401);
});

test('a page may register a client, which is nobody’s yet', async () => {
  expect(
    (await preflight('/oauth/register', 'https://app.test')).headers.get('access-control-allow-methods'),
  ).toContain('POST');
  const registered = await send('/oauth/register', 'https://app.test', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['https://app.test/cb'] }),
  });
  expect([registered.status, allowed(registered)]).toEqual([201, '*']);
});

test('CON-004: everything else is refused to pages of other origins, before anything is read', async () => {
  for (const path of [
    '/oauth/introspect',
    '/oauth/device/verify',
    '/oauth/interaction/x',
    '/console/sign-in',
    '/console/connections',
    '/api/v1/users',
    '/mcp',
    '/oauth/TOKEN',
  ]) {
    for (const origin of ['https://evil.test', 'null', 'https://desk.test']) {
      const answer = await send(path, origin, form({ x: 'y' }));
      expect([path, origin, answer.status, allowed(answer)]).toEqual([path, origin, 403, null]);
      expect(allowed(await preflight(path, origin))).toBeNull();
    }
  }
});

test('a sign-out that another site asks for by a form is asked about, and reads nothing', async () => {
  const asked = await send('/oauth/logout', 'https://desk.test', form({ client_id: 'desk' }));
  expect([asked.status, asked.headers.get('location'), allowed(asked)]).toEqual([
    303,
    '/oauth/logout?client_id=desk',
    null,
  ]);
});

test('CON-004: what a host that is not ours asks for is answered at none of them (DNS rebinding)', async () => {
  const { request } = await import('node:http');
  for (const path of ['/oauth/token', '/.well-known/jwks.json', '/oauth/logout']) {
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: url.port, path, method: 'POST', headers: { host: 'evil.test' } }, (answer) =>
        resolve(answer.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect([path, status]).toEqual([path, 421]);
  }
});
