/** A leg at a provider without OpenID Connect. */
import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { octocat, startGithubShapedIdp, type GithubShapedIdp } from '../../../../test/github-shaped-idp.ts';
import {
  callbackOf,
  finish,
  githubOf,
  goThrough,
  startFederation,
  upstreamOf,
  verdict,
  visit,
} from '../../test/federation.fixture.ts';

const start = async (more: Readonly<Record<string, unknown>> = {}) => {
  const idp = await startGithubShapedIdp();
  return { idp, federation: await startFederation('sqlite', () => [githubOf(idp, more)]) };
};
const upstream = 'github';

test('an account of GitHub is known by its id and a verified address', async () => {
  const { idp, federation } = await start();
  const { identity, tokens } = await goThrough(federation, { upstream });
  expect(identity).toEqual({
    issuer: `${idp.url}/login/oauth`,
    subject: '583231',
    preferredName: 'octocat',
    displayName: 'The Octocat',
    email: 'octocat@home.example',
    groups: [],
  });
  expect(reveal(tokens.accessToken)).toMatch(/^gho_/);
  expect(tokens).toMatchObject({
    scopes: ['read:org', 'read:user', 'user:email'],
    expiresAt: undefined,
    refreshToken: undefined,
  });
});

describe('who may come in', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a member of the organization', { allowedOrganizations: ['x', 'acme'] }, 'ok'],
    ['a member of none of them', { allowedOrganizations: ['acme2'] }, 'LEG_NOT_ALLOWED'],
    ['a verified address of the domain, though not the primary one', { allowedDomains: ['acme.example'] }, 'ok'],
    ['an address of the domain that nobody verified', { allowedDomains: ['evil.example'] }, 'LEG_NOT_ALLOWED'],
    [
      'one of the two conditions',
      { allowedDomains: ['acme.example'], allowedOrganizations: ['acme2'] },
      'LEG_NOT_ALLOWED',
    ],
  ])('%s', async (_, more, expected) => {
    const { federation } = await start(more);
    expect(await verdict(finish(federation, await visit(federation.legs, { upstream })))).toBe(expected);
  });

  test('the address that is kept is of the domain, and organizations are groups', async () => {
    const { federation } = await start({ allowedDomains: ['acme.example'], organizationsAsGroups: true });
    const { identity } = await goThrough(federation, { upstream });
    expect(identity).toMatchObject({ email: 'octocat@acme.example', groups: ['acme', 'octo'] });
  });
});

describe('a leg is refused', () => {
  test.each<[string, (idp: GithubShapedIdp) => void, string]>([
    ['when the person declines', (idp) => (idp.account = undefined), 'LEG_DECLINED'],
    ['when the id is no whole number', (idp) => (idp.account = { ...octocat, id: 1.5 }), 'UPSTREAM_UNTRUSTED'],
    [
      'when the id is beyond what a number holds',
      (idp) => (idp.account = { ...octocat, id: 2 ** 53 }),
      'UPSTREAM_UNTRUSTED',
    ],
  ])('%s', async (_, prepare, expected) => {
    const { idp, federation } = await start();
    prepare(idp);
    expect(await verdict(finish(federation, await visit(federation.legs, { upstream })))).toBe(expected);
  });

  test('when the secret is wrong, which GitHub says with 200', async () => {
    const { federation } = await start({ clientSecret: 'not-the-one' });
    const { outcome } = await finish(federation, await visit(federation.legs, { upstream }));
    expect(outcome).toMatchObject({ ok: false, error: { error: { code: 'UPSTREAM_CLIENT_REFUSED' } } });
    expect(JSON.stringify(outcome)).not.toContain('not-the-one');
  });

  test('when the code is of another leg (RFC 7636 §4.6)', async () => {
    const { federation } = await start();
    const [own, foreign] = [await visit(federation.legs, { upstream }), await visit(federation.legs, { upstream })];
    const query = new URLSearchParams(own.callback.search);
    query.set('code', foreign.callback.searchParams.get('code') as string);
    expect(await verdict(finish(federation, own, { query }))).toBe('UPSTREAM_GRANT_ENDED');
  });
});

test('an OAuth 2 provider of any kind is read by the fields of its document', async () => {
  const idp = await startGithubShapedIdp();
  const federation = await startFederation('sqlite', () => [
    upstreamOf('oauth2', {
      name: 'forge',
      clientId: idp.clientId,
      clientSecret: idp.clientSecret,
      clientAuthentication: 'client_secret_post',
      authorizationEndpoint: `${idp.url}/login/oauth/authorize`,
      tokenEndpoint: `${idp.url}/login/oauth/access_token`,
      userinfoEndpoint: `${idp.url}/api/v3/user`,
      fields: { subject: 'id', username: 'login', name: 'name' },
      scopes: ['read:user'],
    }),
  ]);
  expect(callbackOf('forge')).toBe(federation.legs.callbackUrl('forge').href);
  const { identity } = await goThrough(federation, { upstream: 'forge' });
  expect(identity).toMatchObject({ issuer: idp.url, subject: '583231', preferredName: 'octocat', email: undefined });
});
