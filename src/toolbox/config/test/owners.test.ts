import { describe, expect, test } from 'vitest';
import { loaded, problemsOf } from './load.fixture.ts';

const owner = (name: string, fields: string): string => `kind: owner\nname: ${name}\n${fields}\n`;
const UPSTREAM = `kind: upstream
name: forge
type: github
clientId: chatelaine
clientSecret: secret://default/forge
primary: false
`;
const SERVER = 'kind: server\npublicUrl: https://tools.example\n';
const together = (...documents: readonly string[]): string => documents.join('---\n');

test('a resource, whose it is, what may be asked for there and whose tokens it may have', () => {
  const text = together(
    UPSTREAM,
    owner('flights', 'namespace: travel\nresource: https://flights.example/mcp\nscopes: [read]\nupstreams: [forge]'),
    owner('local', 'resource: http://127.0.0.1:9000/mcp'),
  );
  expect(
    loaded(text).owners.map(({ namespace, name, resource, scopes, upstreams }) => [
      `${namespace}/${name}`,
      resource,
      scopes,
      upstreams,
    ]),
  ).toEqual([
    ['travel/flights', 'https://flights.example/mcp', ['read'], ['forge']],
    ['default/local', 'http://127.0.0.1:9000/mcp', [], []],
  ]);
});

describe('an owner is refused', () => {
  test.each([
    ['whose resource is relative', owner('a', 'resource: /mcp'), /an absolute URL without query/],
    ['whose resource has a query (RFC 8707 §2)', owner('a', 'resource: https://a.example/?x'), /an absolute URL/],
    ['whose resource climbs', owner('a', 'resource: https://a.example/b/../mcp'), /an absolute URL/],
    ['over plain http', owner('a', 'resource: http://a.example/mcp'), /in the clear/],
    ['that is called as this server is', owner('gateway', 'resource: https://a.example'), /is this server itself/],
    [
      'of an upstream that there is not',
      owner('a', 'resource: https://a.example\nupstreams: [forge]'),
      /no upstream is called `forge`/,
    ],
    [
      'of an upstream misspelt',
      together(UPSTREAM, owner('a', 'resource: https://a.example\nupstreams: [forgo]')),
      /forge/,
    ],
    [
      'of one upstream twice',
      together(UPSTREAM, owner('a', 'resource: https://a.example\nupstreams: [forge, forge]')),
      /named twice/,
    ],
    [
      'of a resource that another has, with a slash more',
      together(owner('a', 'resource: https://a.example/mcp'), owner('b', 'resource: https://a.example/mcp/')),
      /`https:\/\/a.example\/mcp` is of `default\/a` already/,
    ],
    [
      'of a door of this server, whose tokens would open it',
      together(SERVER, owner('a', 'resource: https://tools.example/mcp')),
      /is this server, which owns its doors itself/,
    ],
    [
      'of this server in other letters',
      together(SERVER, owner('a', 'resource: https://TOOLS.example:443/mcp')),
      /is this server/,
    ],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});

test('an upstream of another namespace is one all the same: callbacks know none', () => {
  const elsewhere = UPSTREAM.replace('name: forge', 'name: forge\nnamespace: other');
  expect(
    loaded(together(elsewhere, owner('a', 'resource: https://a.example\nupstreams: [forge]'))).owners,
  ).toHaveLength(1);
});

test('the server names upstreams for its own tools, and they have to be there', () => {
  const server = `${SERVER}authorizationServer: {upstreams: [forge]}\n`;
  expect(loaded(together(UPSTREAM, server)).server.authorizationServer.upstreams).toEqual(['forge']);
  expect(problemsOf(server)).toEqual([expect.stringContaining('no upstream is called `forge`')]);
});

test('a signing key does not stand in the file', () => {
  const pem = `${SERVER}authorizationServer:\n  signingKeys:\n    - pem: planted\n`;
  expect(problemsOf(pem).join()).toContain('stands in the file for everybody who reads it');
});
