import { describe, expect, test } from 'vitest';
import { issuerOfUpstream, primaryUpstream } from '#contract';
import { loaded, problemsOf } from './load.fixture.ts';

const SECRET = 'clientSecret: secret://default/idp';
const document = (name: string, type: string, fields: string): string =>
  `kind: upstream\nname: ${name}\ntype: ${type}\nclientId: chatelaine\n${fields}\n`;
const oidc = (name: string, more = ''): string =>
  document(name, 'oidc', `issuer: https://${name}.example\n${SECRET}\n${more}`);
const OAUTH2 = `authorizationEndpoint: https://git.example/authorize
tokenEndpoint: https://git.example/token
userinfoEndpoint: https://git.example/user
fields: {subject: id}
${SECRET}`;

test('every type is read, and says who vouches for its people', () => {
  const { upstreams } = loaded(
    [
      oidc('company', 'primary: true'),
      document('forge', 'oauth2', `${OAUTH2}\nprimary: false`),
      document('github', 'github', `${SECRET}\nallowedOrganizations: [acme]`),
      document('enterprise', 'github', `${SECRET}\nurl: https://github.example`),
      document('google', 'google', `${SECRET}\nallowedDomains: [acme.example]`),
      document('entra', 'entra', `${SECRET}\ntenant: 72f988bf-86f1-41af-91ab-2d7cd011db47`),
      document('okta', 'okta', `${SECRET}\nissuer: https://acme.okta.com/oauth2/default`),
      document('keycloak', 'keycloak', `${SECRET}\nrealm: https://sso.example/realms/acme`),
      document('gitlab', 'gitlab', SECRET),
      document('slack', 'slack', SECRET),
    ].join('---\n'),
  );
  expect(upstreams.map((one) => [one.name, issuerOfUpstream(one)])).toEqual([
    ['company', 'https://company.example'],
    ['forge', 'https://git.example'],
    ['github', 'https://github.com/login/oauth'],
    ['enterprise', 'https://github.example/login/oauth'],
    ['google', 'https://accounts.google.com'],
    ['entra', 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0'],
    ['okta', 'https://acme.okta.com/oauth2/default'],
    ['keycloak', 'https://sso.example/realms/acme'],
    ['gitlab', 'https://gitlab.com'],
    ['slack', 'https://slack.com'],
  ]);
  expect(primaryUpstream(upstreams)?.name).toBe('company');
});

test('the only upstream is where people sign in, unless it says otherwise', () => {
  expect(primaryUpstream(loaded(oidc('company')).upstreams)?.name).toBe('company');
  expect(primaryUpstream(loaded(oidc('company', 'primary: false')).upstreams)).toBeUndefined();
  expect(primaryUpstream([])).toBeUndefined();
});

describe('an upstream is refused', () => {
  test.each([
    ['without a secret', document('a', 'github', ''), /`clientSecret` is missing/],
    ['with a secret and a key', oidc('a', 'privateKey: secret://default/key'), /a secret already/],
    ['with a key id and no key', oidc('a', 'keyId: one'), /`keyId` has no effect/],
    ['over plain http', document('a', 'oidc', `issuer: http://idp.example\n${SECRET}`), /not an https URL/],
    ['with a password in its URL', document('a', 'oidc', `issuer: https://u:p@idp.example\n${SECRET}`), /no user name/],
    ['with a query in its issuer', document('a', 'oidc', `issuer: https://idp.example?x\n${SECRET}`), /no query/],
    ['that writes our parameters', oidc('a', 'extraParameters: {state: x}'), /`state` of the authorization request/],
    ['that asks for no ID token', oidc('a', 'scopes: [profile]'), /without the scope `openid`/],
    ['that asks for no address to look at', oidc('a', 'scopes: [openid]\nallowedDomains: [a.example]'), /`email`/],
    ['with a pattern for a domain', oidc('a', 'allowedDomains: ["*.example.com"]'), /without `@` or `\*`/],
    ['with organizations and no claim', oidc('a', 'allowedOrganizations: [acme]'), /give `organizationClaim`/],
    ['with a claim for nothing', oidc('a', 'organizationClaim: org'), /for `allowedOrganizations` alone/],
    ['with an empty list', oidc('a', 'allowedDomains: []'), /allowedDomains/],
    ['of everybody', document('a', 'entra', `${SECRET}\ntenant: common`), /everybody's tenants/],
    ['with GitHub and a key', document('a', 'github', 'privateKey: secret://default/key'), /privateKey/],
    [
      'with GitHub organizations that it cannot see',
      document('a', 'github', `${SECRET}\nscopes: [repo]\nallowedOrganizations: [acme]`),
      /`read:org`/,
    ],
    [
      'with domains of addresses that nobody verified',
      document('a', 'oauth2', `${OAUTH2}\nallowedDomains: [a.example]`),
      /whether an address is verified/,
    ],
    [
      'with organizations that nothing lists',
      document('a', 'oauth2', `${OAUTH2}\nallowedOrganizations: [acme]`),
      /give `organizationsEndpoint`/,
    ],
    ['with a field that there is not', oidc('a', 'clientID: x'), /clientId/],
    ['of a type that there is not', document('a', 'gitub', SECRET), /github/],
    ['with a secret in the file', document('a', 'github', 'clientSecret: hunter2'), /for everybody who reads it/],
    ['beside another primary one', `${oidc('a', 'primary: true')}---\n${oidc('b', 'primary: true')}`, /sign in at `a`/],
    ['beside another, undecided', `${oidc('a')}---\n${oidc('b')}`, /none says that people sign in there/],
    [
      'of the same name in another namespace',
      `${oidc('a', 'primary: false')}---\n${oidc('a', 'primary: false\nnamespace: travel').replace('secret://default', 'secret://travel')}`,
      /has the name already/,
    ],
    [
      'of the same issuer with another subject',
      `${document('a', 'oauth2', `${OAUTH2}\nprimary: false`)}---\n${document('b', 'oauth2', `${OAUTH2.replace('{subject: id}', '{subject: login}')}\nprimary: false`)}`,
      /knows them by `id`, not by `login`/,
    ],
  ])('%s', (_, text, message) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThanOrEqual(1);
    expect(problems.join('\n')).toMatch(message);
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});
