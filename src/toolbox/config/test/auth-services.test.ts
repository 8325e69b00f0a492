/** Services whose rules nothing would check, or that would be shown each other's tokens, do not start. */
import { describe, expect, test } from 'vitest';
import { loaded, problemsOf } from './load.fixture.ts';

const generic = (name: string, fields = '', issuer = 'https://idp.example'): string => `kind: authService
name: ${name}
type: generic
audience: tools
authorizationServer: ${issuer}
${fields}
`;
const one = (text: string): string => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  return problems[0] as string;
};

describe('MCP-007: an audience or an issuer that is not there', () => {
  test.each([
    [
      'no audience',
      'kind: authService\nname: a\ntype: generic\nauthorizationServer: https://idp.example\n',
      /`audience`/,
    ],
    ['an empty audience', generic('a').replace('audience: tools', "audience: ''"), /audience/],
    ['no issuer', 'kind: authService\nname: a\ntype: generic\naudience: tools\n', /`authorizationServer`/],
    ['an empty issuer', generic('a', '', "''"), /authorizationServer/],
    ['an issuer in the clear', generic('a', '', 'http://idp.example'), /https/],
    ['no client of Google', 'kind: authService\nname: a\ntype: google\nmcpEnabled: true\n', /any application/],
    ['an empty client of Google', "kind: authService\nname: a\ntype: google\nclientId: ''\n", /clientId/],
  ])('is refused where it stands: %s', (_, text, message) => {
    expect(one(text)).toMatch(message);
  });
});

test.each(['introspectionClientId: me', 'introspectionClientSecret: s3'])('half a client is refused: %s', (field) => {
  expect(one(generic('a', `mcpEnabled: true\n${field}`))).toMatch(/belong together/);
});

test.each(['scopesRequired: [a]', 'forceIntrospection: true', 'introspectionEndpoint: https://idp.example/i'])(
  'what nothing would check is refused without `mcpEnabled`: %s',
  (field) => {
    expect(one(generic('a', field))).toMatch(/UNENFORCEABLE.*has no effect without `mcpEnabled: true`/);
  },
);

test('two services that would be shown the same opaque tokens are refused', () => {
  const asks = (name: string, issuer: string) =>
    generic(name, `mcpEnabled: true\nintrospectionEndpoint: ${issuer}/introspect`, issuer);
  const both = [asks('a', 'https://a.example'), asks('b', 'https://b.example')].join('---\n');
  expect(one(both)).toMatch(/UNENFORCEABLE `a` introspects opaque tokens of the namespace already/);
  expect(problemsOf(both.replace('name: b', 'name: b\nnamespace: team'))).toEqual([]);
});

test('two services that accept the same tokens are refused, and several issuers are not', () => {
  const twice = [generic('a', 'mcpEnabled: true'), generic('b', 'mcpEnabled: true\nscopesRequired: [x]')].join('---\n');
  expect(one(twice)).toMatch(/CONTRADICTION `a` accepts tokens of the same issuer/);
  const two = [generic('a', 'mcpEnabled: true'), generic('b', 'mcpEnabled: true', 'https://b.example')].join('---\n');
  expect(loaded(two).authServices).toHaveLength(2);
});
