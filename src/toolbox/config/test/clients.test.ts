import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { randomToken, Secret } from '#kernel';
import { loaded, problemsOf } from './load.fixture.ts';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = JSON.stringify(jwk.publicKey.export({ format: 'jwk' }));
const privateJwk = JSON.stringify(jwk.privateKey.export({ format: 'jwk' }));
const client = (fields: string): string => `kind: client\nname: app\nclientId: app\n${fields}\n`;
const SECRET = randomToken();
const WEB = 'redirectUris: [https://app.example/cb]';
const BY_CERTIFICATE = `grantTypes: [client_credentials]\ntokenEndpointAuthMethod: tls_client_auth\ncertificate: {sanUri: 'spiffe://td/ns/a/agent/b'}`;
const AGENTS = '\n---\nkind: server\ntls: {certificate: /c, key: /k}\nagentListener: {clientCa: /ca, trustDomain: td}';

test('a client is read with its defaults: public, and asked for a code', () => {
  const { clients } = loaded(client(WEB));
  expect(clients).toMatchObject([
    {
      clientId: 'app',
      namespace: 'default',
      grantTypes: ['authorization_code', 'refresh_token'],
      tokenEndpointAuthMethod: 'none',
      firstParty: false,
      signInOnly: false,
    },
  ]);
});

test.each([
  ['a secret', `${WEB}\ntokenEndpointAuthMethod: client_secret_basic\nclientSecret: ${SECRET}`],
  ['a secret of the vault', `${WEB}\ntokenEndpointAuthMethod: client_secret_post\nclientSecret: secret://default/app`],
  ['public keys', `${WEB}\ntokenEndpointAuthMethod: private_key_jwt\njwks: {keys: [${publicJwk}]}`],
  ['a URL of public keys', `${WEB}\ntokenEndpointAuthMethod: private_key_jwt\njwksUri: https://app.example/jwks.json`],
  ['a name in its certificate', `${BY_CERTIFICATE}${AGENTS}`],
  ['tokens bound to its certificate', `${WEB}\ntlsClientCertificateBoundAccessTokens: true${AGENTS}`],
  ['a loopback redirect', 'redirectUris: ["http://127.0.0.1/cb"]'],
  ['a scheme of an app', 'redirectUris: ["com.example.app:/cb"]'],
  ['no consent', `${WEB}\nfirstParty: true\ntokenEndpointAuthMethod: client_secret_basic\nclientSecret: ${SECRET}`],
  ['signing in alone', `${WEB}\nsignInOnly: true`],
  ['codes for devices', 'grantTypes: [device_code, refresh_token]'],
])('a client with %s is accepted', (_, fields) => {
  expect(loaded(client(fields)).clients).toHaveLength(1);
});

test.each([
  ['no redirect URI', '', /give `redirectUris`/],
  ['a certificate that nobody asks for', BY_CERTIFICATE, /`kind: server` has no `agentListener`/],
  [
    'tokens bound to a certificate that nobody asks for',
    `${WEB}\ntlsClientCertificateBoundAccessTokens: true`,
    /`kind: server` has no `agentListener`/,
  ],
  [
    'tokens bound to two keys',
    `${WEB}\ntlsClientCertificateBoundAccessTokens: true\ndpopBoundAccessTokens: true${AGENTS}`,
    /a token is bound to one key/,
  ],
  [
    'a certificate that nobody vouches for',
    `grantTypes: [client_credentials]\ntokenEndpointAuthMethod: self_signed_tls_client_auth${AGENTS}`,
    /tokenEndpointAuthMethod/,
  ],
  ['a redirect URI in the clear', 'redirectUris: ["http://app.example/cb"]', /plain http leads to this machine/],
  ['a wildcard', 'redirectUris: ["https://*.example/cb"]', /wildcard/],
  [
    'a redirect URI that nothing uses',
    `${WEB}\ngrantTypes: [client_credentials]\ntokenEndpointAuthMethod: private_key_jwt\njwks: {keys: [${publicJwk}]}`,
    /nothing is ever sent there/,
  ],
  [
    'client credentials and nothing to prove (RFC 6749 §4.4)',
    'grantTypes: [client_credentials]',
    /takes a client that proves itself/,
  ],
  ['token exchange and nothing to prove', 'grantTypes: [token-exchange]', /takes a client that proves itself/],
  ['a secret that is never asked for', `${WEB}\nclientSecret: ${SECRET}`, /`none` never asks for it/],
  [
    'no secret where one is asked for',
    `${WEB}\ntokenEndpointAuthMethod: client_secret_basic`,
    /needs the `clientSecret`/,
  ],
  [
    'a secret that can be guessed',
    `${WEB}\ntokenEndpointAuthMethod: client_secret_basic\nclientSecret: changeme`,
    /can be guessed/,
  ],
  [
    'a private key in its JWK Set',
    `${WEB}\ntokenEndpointAuthMethod: private_key_jwt\njwks: {keys: [${privateJwk}]}`,
    /private key/,
  ],
  [
    'keys in two places',
    `${WEB}\ntokenEndpointAuthMethod: private_key_jwt\njwksUri: https://app.example/j\njwks: {keys: [${publicJwk}]}`,
    /in `jwks` already/,
  ],
  [
    'two names for one certificate (RFC 8705 §2.1.2)',
    `grantTypes: [client_credentials]\ntokenEndpointAuthMethod: tls_client_auth\ncertificate: {sanDns: a.example, sanUri: 'spiffe://td/a'}`,
    /exactly one name/,
  ],
  [
    'no consent for a native client (RFC 8252 §8.6)',
    'redirectUris: ["http://127.0.0.1/cb"]\nfirstParty: true',
    /RFC 8252 §8.6/,
  ],
  [
    'no consent for an app’s scheme (RFC 8252 §8.6)',
    'redirectUris: ["com.example.app:/cb"]\nfirstParty: true',
    /RFC 8252 §8.6/,
  ],
  [
    'audiences and signing in alone',
    `${WEB}\nsignInOnly: true\naudiences: [https://tools.example/mcp]`,
    /no token for any resource/,
  ],
  [
    'an algorithm of proof that there is not',
    `${WEB}\ntokenEndpointAuthMethod: client_secret_jwt`,
    /tokenEndpointAuthMethod/,
  ],
  ['a name that is invisible', `${WEB}\ndisplayName: "Trusted\\u200b App"`, /invisible/],
  [
    'a refresh token of nothing',
    `grantTypes: [refresh_token, client_credentials]\ntokenEndpointAuthMethod: private_key_jwt\njwks: {keys: [${publicJwk}]}`,
    /goes on with/,
  ],
])('a client with %s is refused where it stands', (_, fields, message) => {
  const problems = problemsOf(client(fields));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
  expect(problems[0]).not.toContain(SECRET);
});

test.each([
  'dyn_06bxk2m9q4zv7c1n8hj3t5w0y2',
  'https://app.example/client.json',
  'HTTPS://app.example/c',
  'with space',
  'chatelaine-cli',
])('no client of a configuration is called %s: its form would say that it is another kind', (id) => {
  expect(problemsOf(`kind: client\nname: app\nclientId: ${JSON.stringify(id)}\n${WEB}\n`)).toHaveLength(1);
});

test('one `clientId` is one client, in whatever namespace', () => {
  const problems = problemsOf(`${client(WEB)}---\nkind: client\nnamespace: other\nname: app\nclientId: app\n${WEB}\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/has the `clientId` `app` already/);
});

test('the secret of a client does not print', () => {
  const { clients } = loaded(client(`${WEB}\ntokenEndpointAuthMethod: client_secret_basic\nclientSecret: ${SECRET}`));
  expect(clients[0]?.clientSecret).toBeInstanceOf(Secret);
  expect(JSON.stringify(clients[0])).not.toContain(SECRET);
});

const WORKER = `---\nkind: client\nname: worker\nclientId: worker\ngrantTypes: [token-exchange]\ntokenEndpointAuthMethod: client_secret_basic\nclientSecret: ${SECRET}\n`;
const PROVES = `tokenEndpointAuthMethod: client_secret_basic\nclientSecret: ${SECRET}`;

test.each([
  ['that is an agent', `grantTypes: [client_credentials]\nagent: night-job\n${PROVES}`],
  ['that acts for people', `grantTypes: [token-exchange, jwt-bearer]\n${PROVES}`],
  ['that passes its tokens on', `${WEB}\nmayDelegateTo: [worker]`],
])('a client %s is accepted', (_, fields) => {
  expect(loaded(client(fields) + WORKER).clients).toHaveLength(2);
});

test.each([
  ['exchanges tokens and proves nothing', 'grantTypes: [token-exchange]', /it takes a client that proves itself/],
  ['brings assertions and proves nothing', 'grantTypes: [jwt-bearer]', /it takes a client that proves itself/],
  [
    'is an agent and never acts as one',
    `${WEB}\nagent: night-job`,
    /with `client_credentials` and `token-exchange` alone/,
  ],
  ['passes on tokens that it never has', `${WEB}\nsignInOnly: true\nmayDelegateTo: [worker]`, /no token that could be/],
  ['passes its tokens on to itself', `${WEB}\nmayDelegateTo: [app]`, /acts with its own tokens already/],
  ['passes its tokens on to nobody', `${WEB}\nmayDelegateTo: []`, /mayDelegateTo/],
  ['passes its tokens on to a client that there is not', `${WEB}\nmayDelegateTo: [workr]`, /did you mean `worker`/],
  ['passes its tokens on to one that trades none', `${WEB}\nmayDelegateTo: [worker, desk]`, /lacks `token-exchange`/],
])('a client that %s is refused', (_, fields, why) => {
  const desk = `---\nkind: client\nname: desk\nclientId: desk\n${WEB}\n`;
  expect(problemsOf(client(fields) + WORKER + desk).join('\n')).toMatch(why);
});

test('no declared client has the identifier of an agent', () => {
  expect(problemsOf(`kind: client\nname: app\nclientId: agent:default/app\n${WEB}\n`).join('\n')).toMatch(/agents/);
});
