/** The facts about well-known providers. */
import { expect, test } from 'vitest';
import { upstreamOf } from '../../test/federation.fixture.ts';
import { describeUpstream } from '../describe-upstream.ts';

const common = { name: 'idp', clientId: 'c', clientSecret: 's' };
const described = (type: Parameters<typeof upstreamOf>[0], more: Readonly<Record<string, unknown>> = {}) =>
  describeUpstream(upstreamOf(type, { ...common, ...more }));

test('Google is asked for offline access, and its `hd` claim says whose account it is', () => {
  expect(described('google', { allowedDomains: ['acme.example'] })).toMatchObject({
    issuer: 'https://accounts.google.com',
    scopes: ['openid', 'profile', 'email'],
    parameters: { access_type: 'offline', prompt: 'consent', hd: 'acme.example' },
    allowed: { domains: ['acme.example'], domainClaim: 'hd' },
  });
});

test('what a document says wins over what is usual', () => {
  const google = described('google', { extraParameters: { prompt: 'select_account' }, scopes: ['openid'] });
  expect(google).toMatchObject({ parameters: { prompt: 'select_account' }, scopes: ['openid'] });
});

test('Entra is one tenant, gives refresh tokens, and is not asked for userinfo', () => {
  const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
  expect(described('entra', { tenant })).toMatchObject({
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    protocol: { kind: 'openid', userinfo: false },
  });
});

test('a subject of Slack has its workspace in front', () => {
  expect(described('slack')).toMatchObject({
    issuer: 'https://slack.com',
    protocol: { subjectPrefixClaim: 'https://slack.com/team_id', organizationClaim: 'https://slack.com/team_id' },
  });
});

test.each([
  ['okta', { issuer: 'https://acme.okta.com/oauth2/default' }, 'https://acme.okta.com/oauth2/default'],
  ['keycloak', { realm: 'https://sso.example/realms/acme' }, 'https://sso.example/realms/acme'],
  ['gitlab', {}, 'https://gitlab.com'],
  ['gitlab', { url: 'https://gitlab.example' }, 'https://gitlab.example'],
] as const)('%s is an OpenID provider', (type, more, issuer) => {
  expect(described(type, more)).toMatchObject({ issuer, protocol: { kind: 'openid', userinfo: true } });
});

test.each([
  [undefined, 'https://github.com', 'https://api.github.com'],
  ['https://github.example', 'https://github.example', 'https://github.example/api/v3'],
])('GitHub at %s', (url, site, api) => {
  const { issuer, protocol, scopes } = described('github', { ...(url && { url }), allowedOrganizations: ['acme'] });
  expect(issuer).toBe(`${site}/login/oauth`);
  expect(scopes).toContain('read:org');
  expect(protocol).toMatchObject({
    authorizationEndpoint: `${site}/login/oauth/authorize`,
    tokenEndpoint: `${site}/login/oauth/access_token`,
    userinfoEndpoint: `${api}/user`,
    emailsEndpoint: `${api}/user/emails`,
    fields: { subject: 'id' },
  });
});
