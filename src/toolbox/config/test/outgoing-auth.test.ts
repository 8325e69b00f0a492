/** `auth:` of a source, as far as a configuration can be judged before anything is sent. */
import { describe, expect, test } from 'vitest';
import { loadConfiguration, sourceTypes } from '#toolbox';

const UPSTREAM = `kind: upstream
name: forge
type: github
clientId: chatelaine
clientSecret: secret://default/forge
primary: false
`;
const source = (auth: string): string => `kind: source
name: api
type: http
baseUrl: https://api.example
auth: ${auth}
`;
const SERVER = 'kind: server\npublicUrl: https://tools.example\n';
const together = (...documents: readonly string[]): string => documents.join('---\n');

function problemsOf(text: string): readonly string[] {
  const loaded = loadConfiguration([{ file: 'tools.yaml', directory: '.', bytes: Buffer.from(text) }], {
    env: {},
    catalog: sourceTypes,
  });
  return loaded.ok ? [] : loaded.error.map(({ code, message }) => `${code}: ${message}`);
}

describe('is taken', () => {
  test.each([
    ['without a type, as a secret of the vault', source('{secret: secret://default/key}')],
    ['as nothing', source('{type: none}')],
    ['as a secret by name', source('{type: secret, secret: secret://default/key, in: query, name: key}')],
    [
      'as a client of its own',
      source(
        '{type: clientCredentials, secret: secret://default/c, tokenUrl: https://as.example/t, audience: crm, scopes: [a]}',
      ),
    ],
    ['as the token of the caller', together(UPSTREAM, source('{type: upstream, upstream: forge, name: X-Token}'))],
    [
      'as the token of the caller at an upstream of another namespace',
      together(
        UPSTREAM.replace('name: forge', 'name: forge\nnamespace: other'),
        source('{type: upstream, upstream: forge}'),
      ),
    ],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('is refused', () => {
  test.each([
    ['of a type that there is not', source('{type: upstraem, upstream: forge}'), /^FIELD_WRONG.*upstream/],
    ['with a field of another type', source('{type: none, secret: secret://default/key}'), /^FIELD_UNKNOWN.*`secret`/],
    [
      'for an upstream that there is not',
      together(UPSTREAM, source('{type: upstream, upstream: forgo}')),
      /^NAME_UNKNOWN.*no upstream is called `forgo`.*forge/,
    ],
    [
      'for an upstream that the doors of this server leave out',
      together(
        UPSTREAM,
        `${SERVER}authorizationServer: {upstreams: []}\n`,
        source('{type: upstream, upstream: forge}'),
      ),
      /^CONTRADICTION: nobody has a token of `forge` here/,
    ],
    [
      'with a token endpoint in the clear',
      source('{type: clientCredentials, secret: secret://default/c, tokenUrl: http://as.example/t}'),
      /^CONTRADICTION: `auth.tokenUrl`: a token endpoint is https/,
    ],
    ['with a secret itself', source('{type: secret, secret: hunter22}'), /a secret is named/],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});
