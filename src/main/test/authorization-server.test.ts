/** The whole way of an MCP client that knows a URL and nothing else: discovery, registration, consent, a narrow token. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Browser } from '../../../test/browser.ts';
import { freePort } from '../../../test/loopback.ts';
import { signedIn } from '../../../test/signed-in.ts';
import { Keeper } from './oauth-keeper.fixture.ts';
import { CITIES, makeKey, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

/** A tool whose argument is a claim of the caller's token, and the service that our own tokens are of. */
const whoAsks = ({ origin }: URL): string => `---
kind: authService
name: here
type: generic
authorizationServer: ${origin}
audience: ${origin}/mcp
---
kind: tool
name: greet
type: sqlite-sql
source: cities
description: Greets whoever asks.
readOnly: true
parameters:
  - name: who
    type: string
    description: Who asks.
    authServices: [{name: here, field: preferred_username}]
statement: SELECT 'Welcome, ' || ? AS greeting
`;

let place: Workspace;
let server: RunningServer | undefined;
let url: URL;
beforeEach(async () => {
  place = workspace();
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}`);
  const file = place.write(
    'tools.yaml',
    `${CITIES}${SCOPED}${whoAsks(url)}---\nkind: server\nport: ${port}\npublicUrl: ${url.origin}\n`,
  );
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

/** The person looks at who asks and lets it in; gives what the client reads at its redirect. */
async function letIn(browser: Browser, keeper: Keeper): Promise<URLSearchParams> {
  const page = await browser.follow(keeper.sentTo?.href ?? '');
  expect(page.text).toContain('Test Desk');
  const done = await browser.decide(page, 'approve');
  return new URL(done.to ?? '').searchParams;
}

test('an MCP client that knows the bare URL registers, is let in by a person, and calls a tool with a scope', async () => {
  const browser = await signedIn({ dataDir: place.dataDir, url }, 'alice');
  const keeper = new Keeper();
  const transportOf = () => new StreamableHTTPClientTransport(new URL('/mcp', url), { authProvider: keeper });
  const first = transportOf();
  await expect(new Client({ name: 'desk', version: '1' }).connect(first)).rejects.toBeInstanceOf(UnauthorizedError);
  await first.finishAuth(await letIn(browser, keeper));
  const client = new Client({ name: 'desk', version: '1' });
  const transport = transportOf();
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name).toSorted()).toEqual(['city', 'greet', 'rename']);
  const basel = await client.callTool({ name: 'city', arguments: { id: 1 } });
  expect(JSON.stringify(basel.content)).toContain('Basel');
  const renamed = await client.callTool({ name: 'rename', arguments: { name: 'Bienne', id: 3 } });
  expect(JSON.stringify(renamed.content)).toContain('Bienne');
  // The model is not asked who the person is, and cannot say that it is somebody else.
  const greeted = await client.callTool({ name: 'greet', arguments: { who: 'mallory' } });
  expect(JSON.stringify(greeted.content)).toContain('Welcome, alice');
  await client.close();
}, 60_000);

test('metadata lead from the door to our issuer, and from there to registration and keys', async () => {
  const { key } = await makeKey(place.dataDir);
  const refused = await fetch(new URL('/mcp', url), { method: 'POST' });
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1];
  expect(refused.status).toBe(401);
  const resource = (await (await fetch(named ?? '')).json()) as Record<string, unknown>;
  expect(resource).toMatchObject({
    resource: `${url.origin}/mcp`,
    authorization_servers: [url.origin],
    scopes_supported: ['write:cities'],
  });
  const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', url))).json();
  expect(metadata).toMatchObject({
    issuer: url.origin,
    registration_endpoint: `${url.origin}/oauth/register`,
    jwks_uri: `${url.origin}/.well-known/jwks.json`,
    client_id_metadata_document_supported: true,
  });
  // Keys go on as before.
  const listed = await fetch(new URL('/api/toolset', url), { headers: { authorization: `Bearer ${key}` } });
  expect(listed.status).toBe(200);
}, 60_000);

test('documents of identity providers and clients that nothing uses are named at the start', async () => {
  const beside = workspace();
  const clients = '---\nkind: client\nname: desk\nclientId: desk\nredirectUris: [https://desk.test/cb]\n';
  const provider =
    '---\nkind: upstream\nname: company\ntype: oidc\nissuer: https://idp.test\nclientId: us\nclientSecret: ${COMPANY}\n';
  const file = beside.write('tools.yaml', `${CITIES}${clients}${provider}`);
  const env = { COMPANY: 'kept-by-the-company-since-2026-Nov' };
  const unused = await start(['--config', file, '--data-dir', beside.dataDir], { cwd: beside.folder, env });
  try {
    expect(unused.stderr()).toContain('`kind: client` has no effect');
    expect(unused.stderr()).toContain('`kind: upstream` has no effect');
  } finally {
    await unused.stop();
    beside.remove();
  }
}, 60_000);
