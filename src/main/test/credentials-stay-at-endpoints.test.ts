/**
 * Whatever is sent to the endpoints and documents of an authorization server, at its public and its internal listener,
 * nothing of it goes to identity providers, into answers, the log and files (invariants 16 and 17); and documents are the
 * same whoever asks, with what.
 */
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXCHANGE_PATH } from '#token-exchange';
import { canary, leaksIn } from '../../../test/canary/forms.ts';
import { fieldsWith } from '../../../test/header-fields.ts';
import { startAuthServer, type AuthServer } from './authserver-apart.fixture.ts';
import { send, type Sent } from './credentials-stay.fixture.ts';

const RUNS = Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 120);
const THEIRS = canary('of the client');
/** By what program they come is on record: it shows that the files are read. */
const KNOWN = canary('of the program');

const DOCUMENTS = [
  ...['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/.well-known/jwks.json'],
  ...['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'],
] as const;

/** Fields of forms in which credentials stand, and others; a grant type that is known lets them be looked at. */
const GRANT_TYPES = [
  ...['authorization_code', 'refresh_token', 'client_credentials', 'password'],
  ...['device_code', 'token-exchange'].map((name) => `urn:ietf:params:oauth:grant-type:${name}`),
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
];
const FORM_FIELDS = [
  ...['client_secret', 'code', 'code_verifier', 'refresh_token', 'subject_token', 'actor_token', 'assertion', 'token'],
  ...['client_assertion', 'password', 'device_code', 'user_code', 'request', 'id_token_hint'],
];
const form = fc
  .tuple(
    fc.constantFrom(...GRANT_TYPES),
    fc.constantFrom('desk', 'nobody'),
    fc.subarray(FORM_FIELDS, { minLength: 1 }),
    fc.constantFrom(THEIRS.text, THEIRS.core, `a.${Buffer.from(THEIRS.text).toString('base64url')}.c`),
  )
  .map(([grantType, clientId, names, value]) =>
    new URLSearchParams({
      ...{
        grant_type: grantType,
        client_id: clientId,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      ...Object.fromEntries(names.map((name) => [name, value])),
    }).toString(),
  );
const authorization = fc.constantFrom<readonly (readonly [string, string])[]>(
  [],
  [['Authorization', `Bearer ${THEIRS.core}`]],
  [['Authorization', `DPoP ${THEIRS.core}`]],
  [['Authorization', `Basic ${Buffer.from(`desk:${THEIRS.text}`).toString('base64')}`]],
  [['Authorization', THEIRS.text]],
);
const fields = fieldsWith(fc.constant(THEIRS.text)).map((all) =>
  Object.entries(all).filter(([name]) => name !== 'User-Agent'),
);
const search = fc.constantFrom('', `?access_token=${THEIRS.core}`, `?code=${THEIRS.core}&refresh_token=${THEIRS.core}`);

const sent = fc.record({
  fields,
  authorization,
  search,
  body: form,
  path: fc.constantFrom(
    ...['token', 'revoke', 'introspect', 'par', 'device', 'register', 'userinfo'].map((name) => `/oauth/${name}`),
    ...['/oauth/authorize', '/oauth/callback/company', EXCHANGE_PATH, ...DOCUMENTS],
  ),
});

/** At the internal listener, as the owner of the gateway. */
function sendInside({ exchanges: [exchange] }: AuthServer, { path, fields: named, body }: Sent): Promise<string> {
  const { url, certificate, key, ca } = exchange!;
  const { hostname, port } = new URL(url);
  const read = (file: string): string => readFileSync(file, 'utf8');
  const headers = [...named.flat(), 'Content-Length', String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        hostname,
        port,
        path,
        method: 'POST',
        headers,
        agent: false,
        cert: read(certificate),
        key: read(key),
        ca: read(ca),
      },
      (response) => {
        let text = response.rawHeaders.join('\n');
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

test('nothing that is sent to an authorization server goes anywhere, and its documents are the same for all (invariants 16 and 17, property) (INT-017)', async () => {
  const auth = await startAuthServer({ logLevel: 'trace' });
  const atProviders: string[] = [];
  for (const idp of Object.values(auth.idps))
    idp.intercept = ({ url, rawHeaders }) => (atProviders.push([url, ...rawHeaders].join('\n')), false);
  const get = (path: string, named: Sent['fields'] = []) =>
    send(auth.issuer.href, { method: 'GET', path, fields: named, body: '' });
  const bodyOf = ({ text }: { readonly text: string }): string => text.slice(text.indexOf('\n\n'));
  const plain = new Map<string, string>();
  for (const path of DOCUMENTS) plain.set(path, bodyOf(await get(path)));
  expect(plain.get('/.well-known/oauth-authorization-server')).toContain('token_endpoint');
  const refused = { method: 'POST', path: EXCHANGE_PATH, body: 'grant_type=none' };
  await sendInside(auth, { ...refused, fields: [['User-Agent', KNOWN.text]] });
  await send(auth.issuer.href, { ...refused, path: '/mcp', fields: [['User-Agent', KNOWN.text]] });
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(sent, async ({ path, body, search: query, authorization: shown, fields: more }) => {
      const named = [...more, ...shown];
      const typed = [['Content-Type', 'application/x-www-form-urlencoded'], ...named] as const;
      if (plain.has(path)) {
        const answer = await get(path + query, named);
        expect([path, bodyOf(answer)]).toEqual([path, plain.get(path)]);
        expect(leaksIn(path, Buffer.from(answer.text), [THEIRS])).toEqual([]);
        return;
      }
      const isInside = path === EXCHANGE_PATH;
      const request = { method: 'POST', path: path + query, fields: typed, body };
      const answer = isInside ? await sendInside(auth, request) : (await send(auth.issuer.href, request)).text;
      seen.add(path);
      expect(leaksIn(path, Buffer.from(answer), [THEIRS])).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  expect(seen.size).toBeGreaterThan(5);
  expect(leaksIn('the log', Buffer.from(auth.log()), [THEIRS])).toEqual([]);
  expect(leaksIn('a provider', Buffer.from(atProviders.join('\n')), [THEIRS])).toEqual([]);
  expect(new Set(leaksIn('the files', auth.files(), [THEIRS, KNOWN]).map((leak) => leak.canary))).toEqual(
    new Set(['of the program']),
  );
}, 240_000);
