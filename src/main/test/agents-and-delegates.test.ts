/** Programs at the doors: an agent with its own key, and one that acts for a person whose token it was handed. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Client, PrivateKeyJwtProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { operator } from '#identity';
import { randomToken, systemClock } from '#kernel';
import { freePort } from '../../../test/loopback.ts';
import { withServices } from './api.fixture.ts';
import { CITIES, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';
import { signInAt } from '../../../test/signed-in.ts';

const SECRET = randomToken();
const CALLBACK = 'http://127.0.0.1:33418/callback';
const CLIENTS = `---
kind: client
name: desk
clientId: desk
redirectUris: [${CALLBACK}]
mayDelegateTo: [worker]
---
kind: client
name: worker
clientId: worker
agent: worker
grantTypes: [token-exchange]
tokenEndpointAuthMethod: client_secret_basic
clientSecret: \${WORKER_SECRET}
`;

let place: Workspace;
let server: RunningServer;
let url: URL;
beforeEach(async () => {
  place = workspace();
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}`);
  const file = place.write(
    'tools.yaml',
    `${CITIES}${SCOPED}${CLIENTS}---\nkind: server\nport: ${port}\npublicUrl: ${url.origin}\n`,
  );
  const args = ['--config', file, '--port', String(port), '--data-dir', place.dataDir];
  server = await start(args, { cwd: place.folder, env: { WORKER_SECRET: SECRET } });
});
afterEach(async () => {
  await server.stop();
  place.remove();
});

const services = <Value>(work: Parameters<typeof withServices<Value>>[2]) =>
  withServices(place.dataDir, systemClock, work);

async function call(transport: StreamableHTTPClientTransport, name: string, args: Record<string, unknown>) {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  try {
    return JSON.stringify((await client.callTool({ name, arguments: args })).content);
  } finally {
    await client.close();
  }
}

test('an agent with a key of its own comes in with the official client, calls, and is out when it is disabled', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [publicKey.export({ format: 'jwk' })] };
  const agent = await services(({ identity }) =>
    identity.agents.create(operator(), { name: 'booking-bot', roles: ['user'], jwks }),
  );
  const authProvider = new PrivateKeyJwtProvider({
    clientId: 'agent:default/booking-bot',
    privateKey: { ...privateKey.export({ format: 'jwk' }) },
    algorithm: 'ES256',
    scope: 'write:cities',
    expectedIssuer: url.origin,
  });
  const transport = () => new StreamableHTTPClientTransport(new URL('/mcp', url), { authProvider });
  expect(await call(transport(), 'rename', { name: 'Bienne', id: 3 })).toContain('Bienne');
  const token = authProvider.tokens()?.access_token ?? '';
  const list = () => fetch(new URL('/api/toolset', url), { headers: { authorization: `Bearer ${token}` } });
  expect((await list()).status).toBe(200);
  await services(async ({ identity, audit }) => {
    const { records } = await audit.query({ type: 'tool.call', outcome: 'success' }, { limit: 1 });
    expect(records[0]?.actor).toMatchObject({ kind: 'agent', sub: agent.id, name: 'booking-bot' });
    await identity.agents.disable(operator(), 'booking-bot');
  });
  await expect.poll(async () => (await list()).status, { timeout: 10_000 }).toBe(401);
}, 120_000);

test('who acts for a person calls in their name with the scopes that it got, and the record has both', async () => {
  const agent = await services(({ identity }) =>
    identity.agents.create(operator(), { name: 'worker', roles: ['user'] }),
  );
  const { id, access } = await personsToken('write:cities');
  const ask = async (more: Record<string, string>) => {
    const response = await fetch(new URL('/oauth/token', url), {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`worker:${SECRET}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: access,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...more,
      }),
    });
    return (await response.json()) as { access_token: string; scope?: string };
  };
  const { access_token: acting } = await ask({});
  const withToken = (token: string) =>
    new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
  expect(await call(withToken(acting), 'rename', { name: 'Bienne', id: 3 })).toContain('Bienne');
  await services(async ({ audit }) => {
    const { records } = await audit.query({ type: 'tool.call', outcome: 'success' }, { limit: 1 });
    expect(records[0]).toMatchObject({
      actor: { kind: 'user', sub: id },
      delegation: [{ iss: 'chatelaine', sub: agent.id }],
    });
  });
  // The door knows the parts of a resource: what opens all of `/mcp` becomes a token for Toolbox's REST alone.
  const { access_token: rest } = await ask({ resource: `${url.origin}/api` });
  const at = (path: string) => fetch(new URL(path, url), { headers: { authorization: `Bearer ${rest}` } });
  expect((await at('/api/toolset')).status).toBe(200);
  expect(
    (await fetch(new URL('/mcp', url), { method: 'POST', headers: { authorization: `Bearer ${rest}` } })).status,
  ).toBe(401);
}, 120_000);

/** The access token of somebody who signed in at the desk. */
async function personsToken(scope: string): Promise<{ readonly id: string; readonly access: string }> {
  const { id, browser } = await services((opened) => signInAt(opened, url, 'alice'));
  const verifier = randomToken();
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({
    ...{ client_id: 'desk', redirect_uri: CALLBACK, response_type: 'code', scope },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', resource: `${url.origin}/mcp` },
  });
  const page = await browser.follow(`/oauth/authorize?${query.toString()}`);
  const { to } = await browser.decide(page, 'approve');
  const answer = await fetch(new URL('/oauth/token', url), {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: 'desk', redirect_uri: CALLBACK, code_verifier: verifier },
      code: new URL(to ?? '').searchParams.get('code') ?? '',
    }),
  });
  return { id, access: ((await answer.json()) as { access_token: string }).access_token };
}
