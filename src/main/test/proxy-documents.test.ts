/** What options of a proxy stand for, and which cannot be. */
import { describe, expect, test } from 'vitest';
import { proxyDocuments, type ProxyWish } from '#proxy';
import { formatProblem, loadConfiguration, sourceTypes } from '#toolbox';

const WISH: ProxyWish = {
  ...{ upstream: 'http://127.0.0.1:9000/mcp', resource: 'https://flights.example/mcp' },
  ...{ issuer: 'https://login.example', hasPolicies: false },
};
const EXCHANGE: NonNullable<ProxyWish['exchange']> = {
  ...{ url: 'https://login.internal:7443', upstreamName: 'company', owner: 'travel/flights' },
  ...{ certificate: '/c.crt', key: '/c.key', ca: '/ca.pem' },
};

function load(wish: ProxyWish, file?: string) {
  const documents = proxyDocuments(wish);
  if (!documents.ok) return { faults: documents.error.join('; ') };
  const bytes = Buffer.from(documents.value.map((one) => JSON.stringify(one)).join('\n---\n'));
  const inputs = [
    { file: 'the command line', directory: '/', bytes, joins: true as const },
    ...(file === undefined ? [] : [{ file: 'tools.yaml', directory: '/', bytes: Buffer.from(file) }]),
  ];
  const loaded = loadConfiguration(inputs, { env: { KEY: 'Hk3n2-2sXw8mF0qZr5Yb7uLc9vTe1aJd' }, catalog: sourceTypes });
  if (!loaded.ok) return { faults: loaded.error.map((problem) => formatProblem(problem)).join('\n') };
  return { configuration: loaded.value.configuration };
}

describe('the documents load', () => {
  test.each<[string, ProxyWish]>([
    ['of a server that gets no credential', WISH],
    ['of one that gets tokens of callers', { ...WISH, exchange: EXCHANGE }],
    [
      'of one that is told who it is by a Workload API',
      {
        ...WISH,
        exchange: {
          ...{ url: EXCHANGE.url, upstreamName: 'company', owner: 'travel/flights' },
          ...{
            workloadApi: 'unix:///run/spire/sockets/agent.sock',
            serverSpiffeId: 'spiffe://td.test/ns/system/authserver',
          },
        },
      },
    ],
    ['of one that gets them in a header of its own', { ...WISH, exchange: { ...EXCHANGE, header: 'X-Token' } }],
    [
      'of a program',
      { ...WISH, upstream: undefined, command: ['/opt/mcp/weather', '--units', 'metric'], env: ['KEY'] },
    ],
    ['of a listener with TLS', { ...WISH, tls: { certificate: '/t.crt', key: '/t.key' } }],
    ['where files have policies', { ...WISH, hasPolicies: true }],
  ])('%s', (_, wish) => {
    const { configuration, faults } = load(wish);
    expect(faults).toBeUndefined();
    expect(configuration?.mcpServers).toHaveLength(1);
    expect(configuration?.policies).toHaveLength(wish.hasPolicies ? 0 : 1);
  });

  test('beside `kind: server` of a file, whose other fields hold', () => {
    const { configuration } = load(WISH, 'kind: server\nlimits: {maxConcurrentCalls: 7}\n');
    expect(configuration?.server).toMatchObject({
      publicUrl: 'https://flights.example',
      limits: { maxConcurrentCalls: 7 },
    });
  });

  test('the token that is sent is that of the caller, and the audience the resource', () => {
    const { configuration } = load({ ...WISH, exchange: EXCHANGE });
    expect(configuration?.mcpServers[0]).toMatchObject({ prefix: '', auth: { type: 'upstream', upstream: 'company' } });
    expect(configuration?.authServices[0]).toMatchObject({ audience: 'https://flights.example/mcp', mcpEnabled: true });
    expect(configuration?.server.exchange).toMatchObject({ issuer: 'https://login.example', owner: 'travel/flights' });
  });
});

describe('is refused', () => {
  test.each<[string, ProxyWish, RegExp]>([
    ['nothing to stand in front of', { ...WISH, upstream: undefined }, /give one of the two/],
    ['two of them', { ...WISH, command: ['/opt/mcp/weather'] }, /give one of the two/],
    ['a resource at another path', { ...WISH, resource: 'https://flights.example/' }, /ends in `\/mcp`/],
    ['a resource that is no URL', { ...WISH, resource: 'flights' }, /ends in `\/mcp`/],
    [
      'an exchange for a program',
      { ...WISH, upstream: undefined, command: ['/opt/mcp/weather'], exchange: EXCHANGE },
      /child process is sent no header/,
    ],
    [
      'tokens of people in the clear',
      { ...WISH, upstream: 'http://10.0.0.7:9000/mcp', exchange: EXCHANGE },
      /in the clear: use https/,
    ],
    ['a variable for a server elsewhere', { ...WISH, env: ['KEY'] }, /`--env` is for a command/],
    ['an issuer in the clear', { ...WISH, issuer: 'http://login.example' }, /https URL/],
    ['a header that messages need', { ...WISH, exchange: { ...EXCHANGE, header: 'Mcp-Session-Id' } }, /messages/],
    [
      'a shell',
      { ...WISH, upstream: undefined, command: ['/bin/sh', '-c', 'date'] },
      /`sh` runs whatever its arguments say/,
    ],
  ])('%s', (_, wish, expected) => {
    expect(load(wish).faults).toMatch(expected);
  });

  test('a field that stands in a file as well', () => {
    expect(load(WISH, 'kind: server\npublicUrl: https://other.example\n').faults).toMatch(
      /`publicUrl` is said by the command line already/,
    );
  });
});
