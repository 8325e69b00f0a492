/** People of a company who sign in at a server of ours, each through a client of their own. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { freePort } from '../../../test/loopback.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { Keeper } from './oauth-keeper.fixture.ts';
import { start, workspace } from './server.fixture.ts';

/** The identity provider of the company, whose people may call everything; its secret is in `COMPANY`. */
export const companyDocuments = (idp: CompanyIdp): string => `---
kind: upstream
name: company
type: oidc
displayName: Acme
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
`;

/** A server where people of the company sign in. */
export interface CompanyServer {
  readonly url: URL;
  readonly idp: CompanyIdp;
}

/** Starts one with those documents besides; of the company are Ana and Bo. `head` is more of `kind: server`. */
export async function serveCompany(documents: string, head = ''): Promise<CompanyServer> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const idp = await startCompanyIdp({ redirectUris: [new URL('/oauth/callback/company', url).href] });
  for (const name of ['ana', 'bo']) idp.accounts.set(name, { preferred_username: name, groups: ['staff'] });
  const server = `kind: server\nport: ${url.port}\npublicUrl: ${url.origin}\n${head}`;
  const file = place.write('tools.yaml', `${server}${companyDocuments(idp)}---\n${documents}`);
  const running = await start(['--config', file, '--port', url.port, '--data-dir', place.dataDir], {
    cwd: place.folder,
    env: { COMPANY: idp.clientSecret },
  });
  onTestFinished(async () => void (await running.stop()));
  return { url, idp };
}

/** Lets users call the tools of servers behind. */
export const SERVERS_ALLOWED = `kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`;

export interface SignedIn {
  readonly surfer: Surfer;
  readonly client: Client;
  readonly token: string;
  readonly clientId: string;
}

/** A person of the company signs in through a client of their own. */
export async function signIn({ url, idp }: CompanyServer, account: string): Promise<SignedIn> {
  return await signInFor(new URL('/mcp', url), { issuer: url, idp, account });
}

/** The same for a resource that is elsewhere, of which the client knows the URL and nothing else. */
export async function signInFor(
  resource: URL,
  { issuer, idp, account }: { readonly issuer: URL; readonly idp: CompanyIdp; readonly account: string },
): Promise<SignedIn> {
  idp.account = account;
  const surfer = new Surfer({ own: issuer, url: issuer });
  const keeper = new Keeper();
  const transport = () => new StreamableHTTPClientTransport(resource, { authProvider: keeper });
  const first = transport();
  await new Client({ name: 'desk', version: '1' }).connect(first).catch(() => {});
  const consent = await surfer.signIn(await surfer.browser.follow(keeper.sentTo?.href ?? ''));
  await first.finishAuth(new URL((await allow(surfer, consent)).to ?? '').searchParams);
  const client = new Client({ name: 'desk', version: '1' });
  await client.connect(transport());
  onTestFinished(async () => await client.close());
  const { access_token: token } = keeper.tokens() as { readonly access_token: string };
  const { client_id: clientId } = keeper.clientInformation() as { readonly client_id: string };
  return { surfer, client, token, clientId };
}

/** A client of the same sign-in that can open pages. */
export async function clientOf(
  { url }: Pick<CompanyServer, 'url'>,
  { token }: SignedIn,
  mode: 'auto' | 'legacy' | { readonly pin: string },
  open: (at: string) => void,
): Promise<Client> {
  const client = new Client(
    { name: 'desk', version: '1' },
    { capabilities: { elicitation: { form: {}, url: {} } }, versionNegotiation: { mode } },
  );
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    open((params as { readonly url: string }).url);
    return { action: 'accept' };
  });
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  onTestFinished(async () => await client.close());
  return client;
}
