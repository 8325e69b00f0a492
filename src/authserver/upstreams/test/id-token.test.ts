/** ID tokens and userinfo that are not what they must be (OpenID Connect Core §3.1.3.7, §5.3.2). */
import { generateKeyPairSync } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { startCompanyIdp, type CompanyIdp } from '../../../../test/company-idp.ts';
import { callbackOf, companyOf, finish, startFederation, verdict, visit } from '../../test/federation.fixture.ts';

type Forge = (claims: JWTPayload, idp: CompanyIdp) => Promise<string> | string;

/** What a leg ends with whose token endpoint gives that ID token; userinfo is of `subject`. */
async function endingWith(
  forge: Forge,
  more: Readonly<Record<string, unknown>> = {},
  subject = 'ana',
): Promise<string> {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')] });
  const federation = await startFederation('sqlite', () => [companyOf(idp, more)]);
  const returned = await visit(federation.legs);
  const now = Math.floor(Date.now() / 1000);
  const claims: JWTPayload = {
    iss: idp.issuer,
    sub: 'ana',
    aud: idp.clientId,
    iat: now,
    exp: now + 300,
    nonce: returned.location.searchParams.get('nonce'),
  };
  const id_token = await forge(claims, idp);
  idp.intercept = ({ url, method }, response) => {
    const answer = (value: object): boolean => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      return true;
    };
    if (method === 'POST' && url === '/token')
      return answer({
        access_token: 'canary-access-token',
        token_type: 'Bearer',
        expires_in: 60,
        ...(id_token !== '' && { id_token }),
      });
    return url === '/me' ? answer({ sub: subject, name: 'Ana' }) : false;
  };
  const { outcome } = await finish(federation, returned);
  if (outcome.ok) return 'ok';
  const { records } = await federation.trail.query({ type: 'upstream.sign-in' }, { limit: 5 });
  // No token in what is shown, kept or logged, whatever is looked at.
  const { error } = outcome.error;
  const everything = JSON.stringify([error, error.message, error.stack, error.details, String(error.cause), records]);
  expect(everything).not.toContain('canary-access-token');
  if (id_token !== '') expect(everything).not.toContain(id_token);
  return error.code;
}

const without = (claims: JWTPayload, name: string): JWTPayload =>
  Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));

const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

test('the forgery of these tests is believed where nothing is wrong with it', async () => {
  expect(await endingWith((claims, idp) => idp.idToken(claims))).toBe('ok');
});

describe('AS-025: an ID token is refused', () => {
  test.each<[string, Forge]>([
    ['with another nonce', (claims, idp) => idp.idToken({ ...claims, nonce: 'another' })],
    ['without a nonce', (claims, idp) => idp.idToken(without(claims, 'nonce'))],
    ['for another client', (claims, idp) => idp.idToken({ ...claims, aud: 'other' })],
    [
      'for several without an authorized party',
      (claims, idp) => idp.idToken({ ...claims, aud: [idp.clientId, 'other'] }),
    ],
    [
      'for several, another being the authorized party',
      (claims, idp) => idp.idToken({ ...claims, aud: [idp.clientId, 'other'], azp: 'other' }),
    ],
    ['of another issuer', (claims, idp) => idp.idToken({ ...claims, iss: 'https://evil.example' })],
    ['that nobody signed', (claims, idp) => idp.idToken(claims, { alg: 'none' })],
    [
      'signed with the secret of the client',
      (claims, idp) => idp.idToken(claims, { alg: 'HS256', key: Buffer.from(idp.clientSecret) }),
    ],
    ['signed by a stranger', (claims, idp) => idp.idToken(claims, { key: stranger })],
    ['that has expired', (claims, idp) => idp.idToken({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 })],
    ['without a subject', (claims, idp) => idp.idToken(without(claims, 'sub'))],
    [
      'with a changed payload',
      async (claims, idp) => {
        const [header, , signature] = (await idp.idToken(claims)).split('.');
        return [header, Buffer.from(JSON.stringify({ ...claims, acr: 'mfa' })).toString('base64url'), signature].join(
          '.',
        );
      },
    ],
    ['that is not there', () => ''],
  ])('%s', async (_, forge) => {
    expect(await endingWith(forge)).toBe('UPSTREAM_UNTRUSTED');
  });
});

test('AS-025: userinfo of another subject than the ID token is refused (§5.3.2)', async () => {
  expect(await endingWith((claims, idp) => idp.idToken(claims), {}, 'bob')).toBe('UPSTREAM_UNTRUSTED');
  expect(await endingWith((claims, idp) => idp.idToken(claims), { userinfo: false }, 'bob')).toBe('ok');
});

test('a clock that differs by thirty seconds is tolerated, by five minutes not', async () => {
  const at =
    (seconds: number): Forge =>
    (claims, idp) =>
      idp.idToken({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds });
  expect(await endingWith(at(-20))).toBe('ok');
  expect(await endingWith(at(-300))).toBe('UPSTREAM_UNTRUSTED');
});

describe('who may come in', () => {
  const claiming =
    (more: JWTPayload): Forge =>
    (claims, idp) =>
      idp.idToken({ ...claims, ...more });
  const domains = { allowedDomains: ['acme.example'] };
  const organizations = { organizationClaim: 'org.id', allowedOrganizations: ['acme'] };

  test.each<[string, JWTPayload, Readonly<Record<string, unknown>>, string]>([
    ['a verified address of the domain', { email: 'a@Acme.example', email_verified: true }, domains, 'ok'],
    ['an address that nobody verified', { email: 'a@acme.example', email_verified: false }, domains, 'LEG_NOT_ALLOWED'],
    ['an address of which nothing is said', { email: 'a@acme.example' }, domains, 'LEG_NOT_ALLOWED'],
    ['no address', {}, domains, 'LEG_NOT_ALLOWED'],
    ['a subdomain', { email: 'a@x.acme.example', email_verified: true }, domains, 'LEG_NOT_ALLOWED'],
    ['a domain that ends alike', { email: 'a@evilacme.example', email_verified: true }, domains, 'LEG_NOT_ALLOWED'],
    ['two `@`', { email: 'a@acme.example@evil.example', email_verified: true }, domains, 'LEG_NOT_ALLOWED'],
    ['the organization', { org: { id: 'acme' } }, organizations, 'ok'],
    ['one of several', { org: { id: ['x', 'acme'] } }, organizations, 'ok'],
    ['another organization', { org: { id: 'acme2' } }, organizations, 'LEG_NOT_ALLOWED'],
    ['no organization', {}, organizations, 'LEG_NOT_ALLOWED'],
    ['the authentication that is asked for', { acr: 'mfa' }, { requiredAcr: ['mfa'] }, 'ok'],
    ['a weaker one', { acr: 'pwd' }, { requiredAcr: ['mfa'] }, 'LEG_NOT_ALLOWED'],
    ['one that is not named', {}, { requiredAcr: ['mfa'] }, 'LEG_NOT_ALLOWED'],
    ['groups', { groups: ['a', 'b'] }, { groupsClaim: 'groups' }, 'ok'],
    ['groups that are no names', { groups: [{ id: 1 }] }, { groupsClaim: 'groups' }, 'UPSTREAM_UNTRUSTED'],
    ['more groups than fit', { _claim_names: { groups: 'src1' } }, { groupsClaim: 'groups' }, 'UPSTREAM_UNTRUSTED'],
  ])('%s', async (_, claims, more, expected) => {
    expect(await endingWith(claiming(claims), more)).toBe(expected);
  });
});

test('an answer larger than a mebibyte is not read', async () => {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')] });
  const federation = await startFederation('sqlite', () => [companyOf(idp)]);
  const returned = await visit(federation.legs);
  idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"access_token":"${'x'.repeat(1 << 21)}"}`);
    return true;
  };
  expect(await verdict(finish(federation, returned))).toBe('UPSTREAM_UNTRUSTED');
});
