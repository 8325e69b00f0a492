import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import {
  callbackOf,
  companyOf,
  finish,
  OWNER,
  startFederation,
  verdict,
  visit,
} from '../../test/federation.fixture.ts';

const startIdp = () => startCompanyIdp({ redirectUris: [callbackOf('company'), callbackOf('other')] });

describe.each(dialects)('a leg at an OpenID provider, on %s', (dialect) => {
  test('gives who somebody is and their tokens, once', async () => {
    const idp = await startIdp();
    idp.accounts.set('ana', {
      name: 'Ana Ruiz',
      preferred_username: 'ana',
      email: 'ana@acme.example',
      email_verified: true,
      groups: ['staff'],
    });
    const federation = await startFederation(dialect, () => [companyOf(idp, { groupsClaim: 'groups' })]);
    const returned = await visit(federation.legs, { owner: OWNER });
    const { outcome, clearCookie } = await finish(federation, returned);
    if (!outcome.ok) throw outcome.error.error;
    const { tokens, ...leg } = outcome.value;
    expect(leg).toMatchObject({
      purpose: 'sign-in',
      owner: OWNER,
      returnTo: '/interaction/1',
      identity: {
        issuer: idp.issuer,
        subject: 'ana',
        preferredName: 'ana',
        displayName: 'Ana Ruiz',
        email: 'ana@acme.example',
        groups: ['staff'],
      },
    });
    expect(reveal(tokens.accessToken)).not.toBe('');
    expect(tokens.refreshToken).toBeDefined();
    expect(tokens.expiresAt).toBeGreaterThan(federation.clock.now() + 3_500_000);
    expect(clearCookie).toMatch(/Max-Age=0/);
    expect(await verdict(finish(federation, returned))).toBe('LEG_UNKNOWN');
    const { records } = await federation.trail.query({ type: 'upstream.sign-in' }, { limit: 10 });
    expect(records.map(({ outcome: how, error }) => error ?? how)).toEqual(['LEG_UNKNOWN', 'success']);
  });
});

test('a leg asks with S256, a nonce and a state of 256 bits, and binds the browser (RFC 9700 §2.1.1)', async () => {
  const idp = await startIdp();
  const federation = await startFederation('sqlite', () => [companyOf(idp, { extraParameters: { prompt: 'login' } })]);
  const { location, setCookie } = await federation.legs.begin({
    upstream: 'company',
    purpose: { kind: 'sign-in' },
    returnTo: '/',
  });
  const asked = Object.fromEntries(location.searchParams);
  expect(asked).toMatchObject({
    response_type: 'code',
    client_id: idp.clientId,
    redirect_uri: callbackOf('company'),
    scope: 'openid profile email',
    code_challenge_method: 'S256',
    prompt: 'login',
  });
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]).toMatch(/^[\w-]{43}$/);
  expect(setCookie).toMatch(/^chatelaine-leg-[0-9a-f]{16}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
  // Neither of them lies in the database in a form that opens anything.
  const stored = JSON.stringify(await federation.database.db.selectFrom('upstream_logins').selectAll().execute());
  for (const name of ['state', 'nonce']) expect(stored).not.toContain(asked[name]);
  expect(stored).not.toContain((/=([\w-]{43});/.exec(setCookie) as RegExpExecArray)[1]);
});
