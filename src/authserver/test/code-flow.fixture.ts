import { createHash, randomBytes } from 'node:crypto';
import type { Browser } from '../../../test/browser.ts';
import { CALLBACK, type AuthorizationServerProcess } from './authorization-server.fixture.ts';

export const newVerifier = (): string => randomBytes(32).toString('base64url');
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** The address of an authorization request. */
export function authorizeUrl(
  { resource }: Pick<AuthorizationServerProcess, 'resource'>,
  verifier: string,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  const fields = {
    client_id: 'c1',
    redirect_uri: CALLBACK,
    response_type: 'code',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state: 'the-state',
    scope: 'read:flights',
    resource,
    ...more,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  return `/oauth/authorize?${query.toString()}`;
}

/** What the client reads from where the browser was sent. */
export const answerAt = (to: string | undefined): URLSearchParams => new URL(to ?? 'about:blank').searchParams;

/** Sign-in, and consent where it is asked for, up to the code. */
export async function codeFor(
  process: AuthorizationServerProcess,
  browser: Browser,
  verifier: string,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const page = await browser.follow(authorizeUrl(process, verifier, more));
  const done = page.to === undefined ? await browser.decide(page, 'approve') : page;
  const code = answerAt(done.to).get('code');
  if (code === null) throw new Error(`no code: ${done.status} ${done.to ?? done.text.slice(0, 500)}`);
  return code;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** A request to an endpoint for programs. */
export async function ask(
  process: Pick<AuthorizationServerProcess, 'url'>,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const response = await fetch(new URL(path, process.url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body, headers: response.headers };
}

export const redeem = (
  process: Pick<AuthorizationServerProcess, 'url'>,
  code: string,
  verifier: string,
  more: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> =>
  ask(process, '/oauth/token', {
    grant_type: 'authorization_code',
    client_id: 'c1',
    redirect_uri: CALLBACK,
    code,
    code_verifier: verifier,
    ...more,
  });

export const refresh = (
  process: Pick<AuthorizationServerProcess, 'url'>,
  refreshToken: string,
  more: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> =>
  ask(process, '/oauth/token', { grant_type: 'refresh_token', client_id: 'c1', refresh_token: refreshToken, ...more });
