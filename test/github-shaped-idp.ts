/**
 * A provider with OAuth 2 and an API, as GitHub has it: no ID token, no `iss`, errors that say 200, and scopes
 * with commas between.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface GithubShapedAccount {
  readonly id: number;
  readonly login: string;
  readonly name?: string;
  readonly emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
  readonly organizations: readonly string[];
}

export interface GithubShapedIdp {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  account: GithubShapedAccount | undefined;
  /** Tokens that end and are refreshed, as GitHub Apps have them; else they live for ever. */
  expiring: boolean;
  readonly requests: string[];
  /** Refresh tokens that count, as a person may take them away. */
  readonly refreshTokens: Set<string>;
}

interface Code {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly account: GithubShapedAccount;
}

export const octocat: GithubShapedAccount = {
  id: 583231,
  login: 'octocat',
  name: 'The Octocat',
  emails: [
    { email: 'octocat@evil.example', primary: false, verified: false },
    { email: 'octocat@home.example', primary: true, verified: true },
    { email: 'octocat@acme.example', primary: false, verified: true },
  ],
  organizations: ['acme', 'octo'],
};

export async function startGithubShapedIdp(): Promise<GithubShapedIdp> {
  const codes = new Map<string, Code>();
  const tokens = new Map<string, GithubShapedAccount>();
  const owners = new Map<string, GithubShapedAccount>();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const idp: GithubShapedIdp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: 'Iv1.test',
    clientSecret: randomBytes(20).toString('hex'),
    account: octocat,
    expiring: false,
    requests: [],
    refreshTokens: new Set(),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', idp.url);
    idp.requests.push(`${request.method} ${url.pathname}`);
    const json = (value: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(value));
    };
    if (url.pathname === '/login/oauth/authorize') return authorize(url, response);
    if (url.pathname === '/login/oauth/access_token') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return json(token(new URLSearchParams(Buffer.concat(chunks).toString())));
    }
    const account = tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (account === undefined) return json({ message: 'Bad credentials' }, 401);
    const { id, login, name = null, emails, organizations } = account;
    if (url.pathname === '/api/v3/user') return json({ id, login, name, email: null });
    if (url.pathname === '/api/v3/user/emails') return json(emails);
    if (url.pathname === '/api/v3/user/orgs')
      return json(organizations.map((one, index) => ({ login: one, id: index })));
    json({ message: 'Not Found' }, 404);
  }

  function authorize(url: URL, response: ServerResponse): void {
    const to = new URL(url.searchParams.get('redirect_uri') ?? '');
    to.searchParams.set('state', url.searchParams.get('state') ?? '');
    if (idp.account === undefined) {
      to.searchParams.set('error', 'access_denied');
    } else {
      const code = randomBytes(10).toString('hex');
      const challenge = url.searchParams.get('code_challenge') ?? '';
      codes.set(code, { challenge, redirectUri: url.searchParams.get('redirect_uri') ?? '', account: idp.account });
      to.searchParams.set('code', code);
    }
    response.writeHead(302, { location: to.href }).end();
  }

  function token(form: URLSearchParams): unknown {
    if (form.get('client_id') !== idp.clientId || form.get('client_secret') !== idp.clientSecret) {
      return {
        error: 'incorrect_client_credentials',
        error_description: 'The client_id and/or client_secret are incorrect.',
      };
    }
    if (form.get('grant_type') === 'refresh_token') {
      const presented = form.get('refresh_token') ?? '';
      const account = owners.get(presented);
      if (account === undefined || !idp.refreshTokens.delete(presented)) return { error: 'bad_refresh_token' };
      return issue(account);
    }
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) {
      return { error: 'bad_verification_code' };
    }
    return issue(code.account);
  }

  function issue(account: GithubShapedAccount): unknown {
    const access = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(access, account);
    const answer = { access_token: access, token_type: 'bearer', scope: 'read:org,read:user,user:email' };
    if (!idp.expiring) return answer;
    const refresh = `ghr_${randomBytes(18).toString('hex')}`;
    owners.set(refresh, account);
    idp.refreshTokens.add(refresh);
    return { ...answer, expires_in: 28_800, refresh_token: refresh, refresh_token_expires_in: 15_811_200 };
  }
  return idp;
}
