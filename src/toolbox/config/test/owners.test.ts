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

const LISTENER = `kind: server
publicUrl: https://tools.example
tls: {certificate: /c, key: /k}
internalListener: {clientCa: /ca, trustDomain: td.test, namespaces: [travel], federated: [{trustDomain: td2.test, clientCa: /p}]}
`;
const identified = (spiffeId: string): string =>
  owner('flights', `namespace: travel\nresource: https://flights.example/mcp\nspiffeId: ${spiffeId}`);

test.each(['spiffe://td.test/ns/travel/mcpserver/flights', 'spiffe://td2.test/ns/travel/proxy/flights'])(
  'an owner has the identity that its certificate shows: %s',
  (spiffeId) => {
    expect(loaded(together(LISTENER, identified(spiffeId))).owners[0]?.spiffeId).toBe(spiffeId);
  },
);

describe('an identity is refused', () => {
  test.each([
    ['that nobody can show', identified('spiffe://td.test/ns/travel/mcpserver/flights'), /no `internalListener`/],
    [
      'of a domain that nobody vouches for',
      together(LISTENER, identified('spiffe://td3.test/ns/travel/mcpserver/flights')),
      /nobody vouches for the trust domain `td3.test`/,
    ],
    [
      'that is another owner’s, by namespace or name',
      together(LISTENER, identified('spiffe://td.test/ns/travel/mcpserver/hotels')),
      /is that of `travel\/hotels`, and this is `travel\/flights`/,
    ],
    [
      'of another template',
      together(LISTENER, identified('spiffe://td.test/agent/flights')),
      /is not of the form `spiffe:/,
    ],
    [
      'that the listener does not let in',
      together(
        LISTENER,
        owner('b', 'namespace: other\nresource: https://b.example\nspiffeId: spiffe://td.test/ns/other/proxy/b'),
      ),
      /`internalListener.namespaces` does not let `other` in/,
    ],
    [
      'of which only the uid is said',
      together(LISTENER, owner('a', 'resource: https://a.example\nuid: x')),
      /goes with/,
    ],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});

describe('an internal listener is refused', () => {
  const internal = (fields: string, more = 'publicUrl: https://tools.example\n'): string =>
    `kind: server\n${more}internalListener: {clientCa: /ca, trustDomain: td.test${fields}}\n`;
  const TLS = ', certificate: /c, key: /k';
  test.each([
    ['without an authorization server of our own', internal(TLS, ''), /say with `publicUrl` where it is reached/],
    ['without a certificate', internal(''), /there is no certificate for it/],
    [
      'without a trust domain',
      'kind: server\npublicUrl: https://t.example\ninternalListener: {clientCa: /ca}\n',
      /trustDomain/,
    ],
    ['at the address of the public listener', internal(`${TLS}, port: 7420`), /is the address of the public listener/],
    ['that lets nobody in', internal(`${TLS}, names: []`), /would let nobody in/],
    [
      'whose key stands in the file',
      internal(`, certificate: /c, key: "${['-----BEGIN', 'PRIVATE KEY-----'].join(' ')}"`),
      /stands in the file/,
    ],
    [
      'with two bundles for one domain',
      internal(`${TLS}, federated: [{trustDomain: td.test, clientCa: /p}]`),
      /`td.test` stands there twice/,
    ],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});
