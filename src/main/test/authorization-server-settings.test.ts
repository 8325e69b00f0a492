/** What documents say of the authorization server, seen at its doors. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../test/loopback.ts';
import { signedIn } from '../../../test/signed-in.ts';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const CALLBACK = 'http://127.0.0.1:33418/callback';
const FLIGHTS = 'https://flights.example/mcp';

let place: Workspace;
let server: RunningServer | undefined;
let url: URL;
beforeEach(async () => {
  place = workspace();
  url = new URL(`http://127.0.0.1:${await freePort()}`);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

/** Starts with a public client `desk`, and what else the documents say. */
async function serve(settings: string, documents = '', ofServer = ''): Promise<void> {
  const text = `${CITIES}---
kind: server
publicUrl: ${url.origin}
authorizationServer: ${settings}
${ofServer}
---
kind: client
name: desk
clientId: desk
redirectUris: [${CALLBACK}]
${documents}`;
  const file = place.write('tools.yaml', text);
  server = await start(['--config', file, '--port', url.port, '--data-dir', place.dataDir], { cwd: place.folder });
}

const metadata = async (): Promise<Record<string, unknown>> =>
  (await (await fetch(new URL('/.well-known/oauth-authorization-server', url))).json()) as Record<string, unknown>;

/** A token for the resource, by a person who allows it. */
async function tokenFor(resource: string, scope: string): Promise<{ access_token: string; expires_in: number }> {
  const browser = await signedIn({ dataDir: place.dataDir, url }, 'alice');
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ client_id: 'desk', redirect_uri: CALLBACK, response_type: 'code', state: 's', scope, resource },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await browser.follow(`/oauth/authorize?${query.toString()}`);
  expect(page.text).toContain(resource);
  const { to } = await browser.decide(page, 'approve');
  const code = new URL(to ?? '').searchParams.get('code') ?? '';
  const answer = await fetch(new URL('/oauth/token', url), {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: 'desk', redirect_uri: CALLBACK },
      ...{ code, code_verifier: verifier },
    }),
  });
  return (await answer.json()) as { access_token: string; expires_in: number };
}

test('a token for a resource of `kind: owner` names it as audience, and opens no door of this server', async () => {
  await serve(
    '{lifetimes: {accessToken: 2m}}',
    `---\nkind: owner\nname: flights\nresource: ${FLIGHTS}/\nscopes: [read:flights]\n`,
  );
  // With the slash that the document has, and that clients differ in.
  const { access_token: token, expires_in: seconds } = await tokenFor(FLIGHTS, 'read:flights');
  expect(decodeJwt(token)).toMatchObject({ iss: url.origin, aud: FLIGHTS, scope: 'read:flights' });
  expect(seconds).toBe(120);
  const refused = await fetch(new URL('/mcp', url), { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(refused.status).toBe(401);
}, 60_000);

test('keys of the configuration sign, the first of them, and all are published', async () => {
  const [first, second] = ['first.pem', 'second.pem'].map((name) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return place.write(name, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  });
  await serve(`{signingKeys: [{file: ${first}}, {file: ${second}, algorithm: RS512}]}`);
  const { keys } = (await (await fetch(new URL('/.well-known/jwks.json', url))).json()) as {
    keys: readonly { kid: string; alg: string }[];
  };
  expect(keys.map(({ alg }) => alg)).toEqual(['RS256', 'RS512']);
  const { access_token: token } = await tokenFor(`${url.origin}/mcp`, 'openid');
  expect(decodeProtectedHeader(token)).toMatchObject({ kid: keys[0]?.kid, alg: 'RS256', typ: 'at+jwt' });
}, 60_000);

test('where clients may not introduce themselves, nothing says that they could and nobody is registered', async () => {
  await serve('{registration: false, clientDocuments: false}');
  const said = await metadata();
  expect(said).not.toHaveProperty('registration_endpoint');
  expect(said).not.toHaveProperty('client_id_metadata_document_supported');
  const refused = await fetch(new URL('/oauth/register', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [CALLBACK] }),
  });
  expect([refused.status, ((await refused.json()) as { error: string }).error]).not.toContain(201);
}, 60_000);

test('a server whose signing key is none does not start, and says where it lies and not what it is', async () => {
  const file = place.write('wrong.pem', 'planted');
  await expect(serve(`{signingKeys: [{file: ${file}}]}`)).rejects.toThrow(`the signing key in \`${file}\``);
  await expect(serve(`{signingKeys: [{file: ${file}}]}`)).rejects.not.toThrow('planted');
}, 60_000);

test('the pages have the name and the colour of the theme, and a logo that is none is told at the start', async () => {
  const logo = place.write('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await serve('{}', '', `theme: {name: Acme Tools, accentColor: '#1f5f5b', logo: ${logo}}`);
  const page = await (await fetch(new URL('/console/sign-in', url))).text();
  expect(page).toContain('Acme Tools');
  const style = /href="([^"]+\.css)"/.exec(page)?.[1] ?? '';
  expect(await (await fetch(new URL(style, url))).text()).toContain('--accent:#1f5f5b');
  await server?.stop();
  const text = place.write('text.svg', 'no picture');
  await expect(serve('{}', '', `theme: {logo: ${text}}`)).rejects.toThrow('neither an SVG nor a PNG');
}, 60_000);
