/**
 * The identity provider of a company: a real, independent OpenID provider (`oidc-provider`) on loopback, in
 * which whoever comes is signed in as the account that the test chose.
 */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

export interface CompanyAccount {
  readonly name?: string;
  readonly preferred_username?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
  /** How it authenticated them (RFC 8176). */
  readonly amr?: readonly string[];
}

export interface CompanyIdp {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whom the next browser is signed in as; undefined for somebody who declines. */
  account: string | undefined;
  readonly accounts: Map<string, CompanyAccount>;
  /** Answers before the provider does, where it gives true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>) | undefined;
  /** Requests by method and path, oldest first. */
  readonly requests: string[];
  /** How many refreshes it granted. */
  refreshes: number;
  /** Access tokens that it issued, oldest first. */
  readonly accessTokens: string[];
  /** Whose account each of them is for. */
  readonly holders: Map<string, string>;
  /** Whether it takes the access token for a good one. */
  knows(accessToken: string): Promise<boolean>;
  /** An ID token with the provider's key, or another way to sign. */
  idToken(claims: JWTPayload, how?: { readonly alg?: string; readonly key?: KeyObject | Uint8Array }): Promise<string>;
  close(): Promise<void>;
}

/** What is used of `oidc-provider`, which has no types of its own. */
interface Provider {
  callback(): RequestListener;
  on(
    event: 'grant.success',
    listener: (context: {
      readonly oidc: {
        readonly params: { readonly grant_type?: string };
        readonly account?: { readonly accountId: string };
      };
      readonly body: { readonly access_token?: string };
    }) => void,
  ): void;
  interactionDetails(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly prompt: { readonly name: string }; readonly params: { readonly scope?: string } }>;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
}
type ProviderClass = new (issuer: string, configuration: object) => Provider;

const KID = 'company-1';

/** Whoever starts it closes it. */
export async function openCompanyIdp(options: {
  readonly redirectUris: readonly string[];
  /** How long each access token lives, asked when it is issued. */
  readonly accessTokenSeconds?: number | (() => number);
}): Promise<CompanyIdp> {
  const packageName: string = 'oidc-provider';
  const { default: Provider } = (await import(packageName)) as { readonly default: ProviderClass };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clientId = 'chatelaine';
  const clientSecret = randomBytes(24).toString('base64url');

  let provider: Provider | undefined;
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const idp: CompanyIdp = {
    issuer,
    clientId,
    clientSecret,
    account: 'ana',
    accounts: new Map([
      ['ana', { name: 'Ana Ruiz', preferred_username: 'ana', email: 'ana@acme.example', email_verified: true }],
    ]),
    intercept: undefined,
    requests: [],
    refreshes: 0,
    accessTokens: [],
    holders: new Map(),
    async knows(accessToken) {
      const answer = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      await answer.body?.cancel();
      return answer.status === 200;
    },
    async idToken(claims, { alg = 'ES256', key = privateKey } = {}) {
      if (alg === 'none') return new UnsecuredJWT(claims).encode();
      return await new SignJWT(claims).setProtectedHeader({ alg, kid: KID }).sign(key);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  // It warns of its memory, which is all that a test needs.
  const { warn } = console;
  Object.assign(console, { warn: () => {} });
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: options.redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: KID, use: 'sig', alg: 'ES256' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: {
      openid: ['sub', 'groups', 'amr'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true, allowedPolicy: async () => true } },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    conformIdTokenClaims: false,
    ttl: {
      AccessToken: options.accessTokenSeconds ?? 3600,
      AuthorizationCode: 60,
      IdToken: 7 * 86_400,
      RefreshToken: 30 * 86_400,
      Grant: 30 * 86_400,
      Session: 86_400,
      Interaction: 600,
    },
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    findAccount: async (_: unknown, sub: string) => {
      const account = idp.accounts.get(sub);
      return account && { accountId: sub, claims: async () => ({ sub, ...account }) };
    },
  });
  const callback = provider.callback();
  Object.assign(console, { warn });
  provider.on('grant.success', ({ oidc, body }) => {
    const { access_token: token } = body;
    if (token !== undefined) {
      idp.accessTokens.push(token);
      if (oidc.account !== undefined) idp.holders.set(token, oidc.account.accountId);
    }
    if (oidc.params.grant_type === 'refresh_token') idp.refreshes++;
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] as string;
    idp.requests.push(`${request.method} ${path}`);
    if ((await idp.intercept?.(request, response)) === true) return;
    if (path.startsWith('/interaction/')) return await interact(request, response);
    callback(request, response);
  }

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const current = provider as Provider;
    const { prompt, params } = await current.interactionDetails(request, response);
    if (idp.account === undefined) {
      const result = { error: 'access_denied', error_description: 'the person said <script>no</script>' };
      return await current.interactionFinished(request, response, result);
    }
    if (prompt.name === 'login') {
      const { amr } = idp.accounts.get(idp.account) ?? {};
      const login = { accountId: idp.account, ...(amr !== undefined && { amr }) };
      return await current.interactionFinished(request, response, { login });
    }
    const grant = new current.Grant({ accountId: idp.account, clientId });
    grant.addOIDCScope(params.scope ?? 'openid');
    return await current.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  }
  return idp;
}
