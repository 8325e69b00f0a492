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
      'as a token for that of the caller',
      together(
        UPSTREAM,
        source(
          '{type: tokenExchange, upstream: forge, secret: secret://default/c, tokenUrl: https://as.example/t, audience: crm}',
        ),
      ),
    ],
    [
      'as a role of AWS for a token of this workload',
      source(
        '{type: awsSts, webIdentityFile: token, roleArn: "arn:aws:iam::123456789012:role/reader", region: eu-central-1, service: execute-api}',
      ),
    ],
    ['as a client certificate of the vault', source('{type: clientCertificate, secret: secret://default/c}')],
    ['as a client certificate in files', source('{type: clientCertificate, certificate: svid.pem, key: svid.key}')],
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
    [
      'with an assertion that the target would send back over plain http',
      together(
        UPSTREAM,
        source(
          '{type: idJag, upstream: forge, secret: secret://default/c, tokenUrl: https://idp.example/t, audience: https://as.example, target: {tokenUrl: http://as.example/t, secret: secret://default/d}}',
        ),
      ),
      /`auth.target.tokenUrl`: a token endpoint is https/,
    ],
    [
      'with an ID token of an upstream that gives none',
      together(
        UPSTREAM,
        source(
          '{type: tokenExchange, upstream: forge, subject: id_token, secret: secret://default/c, tokenUrl: https://as.example/t}',
        ),
      ),
      /^CONTRADICTION: `forge` is plain OAuth 2 and gives no ID tokens/,
    ],
    [
      'as a role of AWS of nobody',
      source('{type: awsSts, roleArn: "arn:aws:iam::123456789012:role/r", region: eu-central-1, service: s3}'),
      /whose token opens the role/,
    ],
    [
      'as a role of AWS that is none, for too short a time',
      source('{type: awsSts, webIdentityFile: t, roleArn: reader, region: eu-central-1, service: s3, duration: 1m}'),
      /a role is `arn:aws:iam::ACCOUNT:role\/NAME`/,
    ],
    [
      'as a role of AWS for an ID token that there is not',
      together(
        UPSTREAM,
        source(
          '{type: awsSts, upstream: forge, roleArn: "arn:aws:iam::123456789012:role/r", region: eu-central-1, service: s3}',
        ),
      ),
      /gives no ID tokens/,
    ],
    ['with half a certificate', source('{type: clientCertificate, key: svid.key}'), /belong together/],
    ['with no certificate', source('{type: clientCertificate}'), /is in `secret`, or in the files/],
    [
      'with two certificates',
      source('{type: clientCertificate, secret: secret://default/c, certificate: a, key: b}'),
      /is in `secret` already/,
    ],
    [
      'with a certificate over plain http',
      source('{type: clientCertificate, secret: secret://default/c}').replace('https:', 'http:'),
      /only https can show/,
    ],
    ['with a secret itself', source('{type: secret, secret: hunter22}'), /a secret is named/],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});
