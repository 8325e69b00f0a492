/** Programs that prove themselves with keys, and people's tokens that they act with. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { AuthorizationServerProcess, Clients } from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier, redeem, type TokenAnswer } from './code-flow.fixture.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A pair of keys of a program. */
export interface ProgramKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwks: { readonly keys: readonly object[] };
}

export function programKey(): ProgramKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey, jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] } };
}

/** A `kind: client` that proves itself with that key. */
export const byKey = (key: ProgramKey, fields: Clients[string]): Clients[string] => ({
  tokenEndpointAuthMethod: 'private_key_jwt',
  jwks: key.jwks,
  ...fields,
});

/** What a client proves itself with (RFC 7523 §2.2); claims given as undefined are left out. */
export async function clientAssertion(
  { url }: Pick<AuthorizationServerProcess, 'url'>,
  clientId: string,
  key: ProgramKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: clientId, sub: clientId, aud: url.origin, iat: now, exp: now + 60, jti: randomUUID() };
  const all = Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined);
  return await new SignJWT(Object.fromEntries(all) as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(key.privateKey);
}

export const proved = (assertion: string) => ({
  client_assertion: assertion,
  client_assertion_type: ASSERTION_TYPE,
});

/** A token request of a client that proves itself with its key. */
export async function askAs(
  process: Pick<AuthorizationServerProcess, 'url'> & { readonly own?: URL },
  clientId: string,
  key: ProgramKey,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const assertion = await clientAssertion(process, clientId, key);
  return await ask({ url: process.own ?? process.url }, '/oauth/token', { ...fields, ...proved(assertion) }, headers);
}

/** Somebody's tokens, from the client that they signed in with. */
export async function personsTokens(
  process: AuthorizationServerProcess,
  name = 'alice',
  more: Readonly<Record<string, string | undefined>> = {},
) {
  const { browser, id } = await process.person(name);
  const verifier = newVerifier();
  const answer = await redeem(process, await codeFor(process, browser, verifier, more), verifier);
  return { id, browser, access: answer.body['access_token'] as string, body: answer.body };
}

/** The fields of an exchange of that token. */
export const exchangeOf = (subjectToken: string, more: Readonly<Record<string, string>> = {}) => ({
  grant_type: TOKEN_EXCHANGE,
  subject_token: subjectToken,
  subject_token_type: ACCESS_TOKEN,
  ...more,
});
