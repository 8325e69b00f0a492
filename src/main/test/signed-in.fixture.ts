/** People of a company who sign in at a server of ours, each through a client of their own. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';
import type { CompanyIdp } from '../../../test/company-idp.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { Keeper } from './oauth-keeper.fixture.ts';

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

interface Place {
  readonly url: URL;
  readonly idp: CompanyIdp;
}

export interface SignedIn {
  readonly surfer: Surfer;
  readonly client: Client;
  readonly token: string;
  readonly clientId: string;
}

/** A person of the company signs in through a client of their own. */
export async function signIn({ url, idp }: Place, account: string): Promise<SignedIn> {
  idp.account = account;
  const surfer = new Surfer({ own: url, url });
  const keeper = new Keeper();
  const transport = () => new StreamableHTTPClientTransport(new URL('/mcp', url), { authProvider: keeper });
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
  { url }: Pick<Place, 'url'>,
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
