/** The whole way of an MCP client whose person has an account at the company's identity provider, and nothing here. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { freePort } from '../../../test/loopback.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { Keeper } from './oauth-keeper.fixture.ts';
import { CITIES, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const COUNTED = `
---
kind: tool
name: count
type: sqlite-sql
source: cities
description: How many cities there are.
readOnly: true
scopesRequired: [read:cities]
statement: SELECT count(*) AS cities FROM cities
---
kind: tool
name: mine
type: sqlite-sql
source: cities
description: Who asks.
readOnly: true
statement: SELECT ? AS me
parameters:
  - name: me
    type: string
    description: Whose token it is.
    authServices:
      - name: own
        field: sub
`;

interface Running {
  readonly url: URL;
  readonly idp: CompanyIdp;
  readonly place: Workspace;
  readonly file: string;
  readonly server: RunningServer;
  configuration(displayName: string): string;
}

async function serve(): Promise<Running> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const port = await freePort();
  const url = new URL(`http://127.0.0.1:${port}`);
  const idp = await startCompanyIdp({ redirectUris: [new URL('/oauth/callback/company', url).href] });
  idp.accounts.set('ana', { name: 'Ana Ruiz', preferred_username: 'ana', groups: ['staff'] });
  const configuration = (displayName: string): string => `${CITIES}${SCOPED}${COUNTED}
---
kind: server
port: ${port}
publicUrl: ${url.origin}
---
kind: upstream
name: company
type: oidc
displayName: ${displayName}
issuer: ${idp.issuer}
clientId: ${idp.clientId}
clientSecret: \${COMPANY}
groupsClaim: groups
allowPrivateNetworks: true
---
kind: roleBinding
name: staff
role: user
everywhere: true
group: staff
issuer: ${idp.issuer}
---
kind: authService
name: own
type: generic
authorizationServer: ${url.origin}
audience: ${url.origin}/mcp
`;
  const file = place.write('tools.yaml', configuration('Acme'));
  const server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], {
    cwd: place.folder,
    env: { COMPANY: idp.clientSecret },
  });
  onTestFinished(async () => void (await server.stop()));
  return { url, idp, place, file, server, configuration };
}

test('a client that knows a URL is let in by a person of the company, and asks again for what takes more', async () => {
  const { url, server } = await serve();
  expect(server.stderr()).not.toContain('has no effect');
  const surfer = new Surfer({ own: url, url });
  const keeper = new Keeper();
  const connect = async (transport: StreamableHTTPClientTransport): Promise<Client> => {
    const client = new Client({ name: 'desk', version: '1' });
    await client.connect(transport);
    return client;
  };
  const transportOf = () => new StreamableHTTPClientTransport(new URL('/mcp', url), { authProvider: keeper });
  const first = transportOf();
  await expect(connect(first)).rejects.toBeInstanceOf(UnauthorizedError);

  // It asks for little at first; the person has never been here, and signs in where the company does.
  keeper.sentTo?.searchParams.set('scope', 'read:cities');
  const signIn = await surfer.browser.follow(keeper.sentTo?.href ?? '');
  expect(signIn.text).toContain('Continue with Acme');
  const consent = await surfer.signIn(signIn);
  expect(consent.text).toContain('Ana Ruiz');
  expect(consent.text).toContain('read:cities');
  expect(consent.text).toMatch(/It may use your accounts[^]*Acme/);
  await first.finishAuth(new URL((await allow(surfer, consent)).to ?? '').searchParams);
  const client = await connect(transportOf());
  expect(JSON.stringify((await client.callTool({ name: 'count', arguments: {} })).content)).toContain('3');

  // A tool that takes another scope: refused, asked for, allowed, done.
  const asked = keeper.sentTo;
  await expect(client.callTool({ name: 'rename', arguments: { name: 'Bienne', id: 3 } })).rejects.toBeInstanceOf(
    UnauthorizedError,
  );
  expect(keeper.sentTo).not.toBe(asked);
  expect(keeper.sentTo?.searchParams.get('scope')).toContain('write:cities');
  const more = await surfer.browser.follow(keeper.sentTo?.href ?? '');
  expect(more.text).toContain('write:cities');
  const second = transportOf();
  await second.finishAuth(new URL((await allow(surfer, more)).to ?? '').searchParams);
  const stronger = await connect(transportOf());
  const renamed = await stronger.callTool({ name: 'rename', arguments: { name: 'Bienne', id: 3 } });
  expect(JSON.stringify(renamed.content)).toContain('Bienne');
  await Promise.all([client.close(), stronger.close()]);

  // A parameter that a token fills: ours, in the header of the service that trusts us.
  const { access_token: token } = keeper.tokens() as { readonly access_token: string };
  const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
  const mine = await fetch(new URL('/api/tool/mine/invoke', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, own_token: token, 'content-type': 'application/json' },
    body: JSON.stringify({ me: 'somebody else' }),
  });
  expect([mine.status, await mine.text()]).toEqual([200, expect.stringContaining(sub)]);

  // The person sees both, with the account.
  const page = await surfer.browser.get('/console/connections');
  expect(page.text).toMatch(/Acme<\/strong>\s*<p class="hint">for default\/gateway · connected as ana since /);
}, 120_000);

test('a changed document of the provider is what the sign-in page shows next', async () => {
  const { url, place, configuration } = await serve();
  const signIn = async () => await (await fetch(new URL('/console/sign-in', url))).text();
  expect(await signIn()).toContain('Continue with Acme');
  place.write('tools.yaml', configuration('Globex'));
  await vi.waitFor(async () => expect(await signIn()).toContain('Continue with Globex'), {
    timeout: 30_000,
    interval: 200,
  });
}, 120_000);
