/** `exchange:` of `kind: server`, as far as a configuration can be judged before anybody is asked. */
import { describe, expect, test } from 'vitest';
import { loadConfiguration, sourceTypes } from '#toolbox';

const exchange = (fields: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{ url: 'https://login.internal:7443', issuer: 'https://login.example', owner: 'travel/flights' },
    ...{ certificate: '/etc/c.crt', key: '/etc/c.key', ca: '/etc/ca.pem', ...fields },
  });
const server = (fields?: Record<string, unknown>): string => `kind: server\nexchange: ${exchange(fields)}\n`;
const SERVICE = `kind: authService
name: login
type: generic
mcpEnabled: true
authorizationServer: https://login.example
audience: https://flights.example/mcp
`;
const source = (auth: string): string => `kind: source
name: api
type: http
baseUrl: https://api.example
auth: ${auth}
`;

function problemsOf(...documents: readonly string[]): readonly string[] {
  const bytes = Buffer.from(documents.join('---\n'));
  const loaded = loadConfiguration([{ file: 'tools.yaml', directory: '.', bytes }], { env: {}, catalog: sourceTypes });
  return loaded.ok ? [] : loaded.error.map(({ code, message }) => `${code}: ${message}`);
}

describe('is taken', () => {
  test.each([
    ['with an authService of its issuer', [server(), SERVICE]],
    [
      'for tools that act as the caller at an upstream that no document of this server declares',
      [server(), SERVICE, source('{type: upstream, upstream: company}')],
    ],
    ['with the SPIFFE ID of the listener', [server({ serverSpiffeId: 'spiffe://td/ns/system/authserver' }), SERVICE]],
  ])('%s', (_, documents) => {
    expect(problemsOf(...documents)).toEqual([]);
  });
});

describe('is refused', () => {
  test.each([
    ['without an authService of its issuer', [server()], /^UNENFORCEABLE: no caller has a token of/],
    [
      'with one that introspects: what it lets in need not be a JWT',
      [server(), `${SERVICE}forceIntrospection: true\n`],
      /^UNENFORCEABLE: no caller has a token of/,
    ],
    [
      'with one whose tokens are no bearer tokens',
      [server(), SERVICE.replace('mcpEnabled: true\n', '')],
      /^UNENFORCEABLE: no caller has a token of/,
    ],
    [
      'with one of another issuer',
      [server({ issuer: 'https://login.example/' }), SERVICE],
      /^UNENFORCEABLE: no caller has a token of `https:\/\/login\.example\/`/,
    ],
    [
      'for tools that need ID tokens, which no exchange gives',
      [
        server(),
        SERVICE,
        source(
          '{type: idJag, upstream: company, secret: secret://default/c, tokenUrl: https://i.example/t, audience: https://a.example, target: {tokenUrl: https://a.example/t, secret: secret://default/d}}',
        ),
      ],
      /^CONTRADICTION: an exchange over mTLS gives access tokens/,
    ],
    ['in the clear', [server({ url: 'http://login.internal:7443' }), SERVICE], /^FIELD_WRONG.*https URL/],
    ['with a path', [server({ url: 'https://login.internal/exchange' }), SERVICE], /one path/],
    ['of an issuer in the clear', [server({ issuer: 'http://login.example' }), SERVICE], /an issuer is https/],
    ['of an owner without a namespace', [server({ owner: 'flights' }), SERVICE], /^FIELD_WRONG.*namespace\/name/],
    ['of an owner of two spellings', [server({ owner: 'travel/Flights' }), SERVICE], /^FIELD_WRONG.*lower case/],
    [
      'beside a listener where others exchange',
      [
        `${server()}publicUrl: https://flights.example\ninternalListener: {clientCa: /ca.pem, trustDomain: td, certificate: /c, key: /k}\n`,
        SERVICE,
      ],
      /^UNENFORCEABLE: `internalListener`: with `exchange`/,
    ],
  ])('%s', (_, documents, expected) => {
    expect(problemsOf(...documents).join('\n')).toMatch(expected);
  });
});
