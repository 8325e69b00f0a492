/** A server with its own authorization server at a port that stays, and people who are signed in there. */
import { createHash, randomBytes } from 'node:crypto';
import { EVERYWHERE, type Role } from '#contract';
import { operator, provisionUser } from '#identity';
import { reveal, systemClock } from '#kernel';
import type { Services } from '#main';
import { Browser, type Seen } from '../../../test/browser.ts';

/** Somebody with a role everywhere, signed in in a browser of their own, with a second factor. */
export async function personWith(
  { identity, users, signIn }: Services,
  who: {
    readonly name: string;
    readonly role: Role;
    /** Where their browser reaches the server, and what the server calls itself. */
    readonly own: URL;
    readonly publicUrl: URL;
    /** How long ago they proved who they are. */
    readonly provedMsAgo?: number;
  },
): Promise<{ readonly id: string; readonly browser: Browser }> {
  const { name, role } = who;
  const subject = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
  const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, subject);
  await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject: { kind: 'user', id: user.id } });
  const { token } = await signIn(who.publicUrl).sessions.begin(
    {
      ...{ userId: user.id, kind: 'browser', stage: 'active', amr: ['pwd', 'otp', 'mfa'] },
      authTime: systemClock.now() - (who.provedMsAgo ?? 0),
      ...{ address: '127.0.0.1', device: 'test' },
    } as const,
    async () => {},
  );
  const browser = new Browser(who.own, who.publicUrl);
  browser.cookies.set('chatelaine', reveal(token));
  return { id: user.id, browser };
}

/** What a form of a page holds under a name. */
export const field = (page: Seen, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';

/** Opens the address that a program shows, looks at its code and says that it is one's own; gives what comes then. */
export async function confirmCode(browser: Browser, whole: string): Promise<Seen> {
  const page = await browser.get(whole);
  const code = new URL(whole).searchParams.get('user_code') ?? '';
  const asked = await browser.post('/oauth/device/verify', { xsrf: field(page, 'xsrf'), user_code: code });
  const fields = { xsrf: field(asked, 'xsrf'), user_code: field(asked, 'user_code'), confirm: 'yes' };
  const confirmed = await browser.post('/oauth/device/verify', fields);
  return confirmed.to === undefined ? confirmed : await browser.follow(confirmed.to);
}

const REDIRECT = 'http://127.0.0.1:33418/callback';

/** What a client that registered itself was given by a person. */
export interface Given {
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

const form = async (url: URL, fields: Readonly<Record<string, string>>) => {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};

/** A client registers itself, asks for tokens for `/mcp`, and the person lets it in. */
export async function letIn(own: URL, publicUrl: URL, browser: Browser): Promise<Given> {
  const registered = await fetch(new URL('/oauth/register', own), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ client_name: 'Desk', redirect_uris: [REDIRECT] },
      grant_types: ['authorization_code', 'refresh_token'],
    }),
  });
  const { client_id: clientId } = (await registered.json()) as { client_id: string };
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ client_id: clientId, redirect_uri: REDIRECT, response_type: 'code', scope: 'openid' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...{ code_challenge_method: 'S256', resource: `${publicUrl.origin}/mcp` },
  });
  const page = await browser.follow(`/oauth/authorize?${query.toString()}`);
  const done = await browser.decide(page, 'approve');
  const code = new URL(done.to ?? 'about:blank').searchParams.get('code') ?? '';
  const { body } = await form(new URL('/oauth/token', own), {
    ...{ grant_type: 'authorization_code', client_id: clientId, redirect_uri: REDIRECT },
    ...{ code, code_verifier: verifier },
  });
  return { clientId, accessToken: body['access_token'] ?? '', refreshToken: body['refresh_token'] ?? '' };
}

/** The error of a refresh at that process, or `ok`. */
export async function refreshAt(own: URL, { clientId, refreshToken }: Given): Promise<string> {
  const fields = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
  return (await form(new URL('/oauth/token', own), fields)).body['error'] ?? 'ok';
}
