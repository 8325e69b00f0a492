/** The whole way of an MCP client that knows a URL and nothing else: discovery, registration, consent, a narrow token. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { operator, provisionUser } from '#identity';
import { reveal, systemClock } from '#kernel';
import { Browser } from '../../../test/browser.ts';
import { withServices } from './api.fixture.ts';
import { CITIES, makeKey, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer | undefined;
let url: URL;
beforeEach(async () => {
  place = workspace();
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}`);
  const file = place.write(
    'tools.yaml',
    `${CITIES}${SCOPED}---\nkind: server\nport: ${port}\npublicUrl: ${url.origin}\n`,
  );
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** Somebody with the role `user`, signed in in a browser. */
const signedIn = (name: string): Promise<Browser> =>
  withServices(place.dataDir, systemClock, async ({ identity, users, signIn }) => {
    const who = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
    const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, who);
    const subject = { kind: 'user', id: user.id } as const;
    await identity.roles.create(operator(), { role: 'user', namespace: EVERYWHERE, subject });
    const session = { userId: user.id, kind: 'browser', stage: 'active', amr: ['pwd'] } as const;
    const { token } = await signIn(url).sessions.begin(
      { ...session, address: '127.0.0.1', device: 'test' },
      async () => {},
    );
    const browser = new Browser(url, url);
    browser.cookies.set('chatelaine', reveal(token));
    return browser;
  });

/** What a client keeps, and where it sends the person. */
class Keeper implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:33418/callback';
  readonly clientMetadata = {
    client_name: 'Test Desk',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
  };
  sentTo: URL | undefined;
  #client: unknown;
  #tokens: unknown;
  #verifier = '';

  clientInformation() {
    return this.#client as never;
  }
  saveClientInformation(client: unknown) {
    this.#client = client;
  }
  tokens() {
    return this.#tokens as never;
  }
  saveTokens(tokens: unknown) {
    this.#tokens = tokens;
  }
  redirectToAuthorization(to: URL) {
    this.sentTo = to;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
}

/** The person looks at who asks and lets it in; gives what the client reads at its redirect. */
async function letIn(browser: Browser, keeper: Keeper): Promise<URLSearchParams> {
  const page = await browser.follow(keeper.sentTo?.href ?? '');
  expect(page.text).toContain('Test Desk');
  const done = await browser.decide(page, 'approve');
  return new URL(done.to ?? '').searchParams;
}

test('an MCP client that knows the bare URL registers, is let in by a person, and calls a tool with a scope', async () => {
  const browser = await signedIn('alice');
  const keeper = new Keeper();
  const transportOf = () => new StreamableHTTPClientTransport(new URL('/mcp', url), { authProvider: keeper });
  const first = transportOf();
  await expect(new Client({ name: 'desk', version: '1' }).connect(first)).rejects.toBeInstanceOf(UnauthorizedError);
  await first.finishAuth(await letIn(browser, keeper));
  const client = new Client({ name: 'desk', version: '1' });
  const transport = transportOf();
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name).toSorted()).toEqual(['city', 'rename']);
  const basel = await client.callTool({ name: 'city', arguments: { id: 1 } });
  expect(JSON.stringify(basel.content)).toContain('Basel');
  const renamed = await client.callTool({ name: 'rename', arguments: { name: 'Bienne', id: 3 } });
  expect(JSON.stringify(renamed.content)).toContain('Bienne');
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
