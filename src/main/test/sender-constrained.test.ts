/** The whole way of tokens that are bound to a key or a certificate: an OAuth client and an MCP client as they are, a process of ours. */
import { request as httpsRequest } from 'node:https';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import * as oauth from 'openid-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Browser } from '../../../test/browser.ts';
import { testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { proofKey, prove } from '../../../test/dpop.ts';
import { freePort } from '../../../test/loopback.ts';
import { signedIn } from '../../../test/signed-in.ts';
import { CITIES, SCOPED, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const CALLBACK = 'http://127.0.0.1:33418/callback';
const serverCa = testAuthority('Server CA');
const clientCa = testAuthority('Clients CA');
const desk = clientCa.issue(['desk.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });

let place: Workspace;
let server: RunningServer;
let url: URL;
beforeEach(async () => {
  place = workspace();
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}`);
  const own = serverCa.issue(['127.0.0.1']);
  const [certificate, key] = [place.write('agents.crt', own.cert), place.write('agents.key', own.key)];
  const ca = place.write('clients.crt', clientCa.cert);
  const client = (id: string, field: string): string =>
    `---\nkind: client\nname: ${id}\nclientId: ${id}\nredirectUris: ["${CALLBACK}"]\n${field}: true\n`;
  const file = place.write(
    'tools.yaml',
    `${CITIES}${SCOPED}---\nkind: server\nport: ${port}\npublicUrl: ${url.origin}\nmetrics: false
agentListener: {port: 0, certificate: ${certificate}, key: ${key}, clientCa: ${ca}, trustDomain: td.test}
${client('prover', 'dpopBoundAccessTokens')}${client('shower', 'tlsClientCertificateBoundAccessTokens')}`,
  );
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
});
afterEach(async () => {
  await server.stop();
  place.remove();
});

const signedInHere = (name: string): Promise<Browser> => signedIn({ dataDir: place.dataDir, url }, name);

/** An authorization request, allowed by the person; gives where the client is called back. */
async function allowed(
  browser: Browser,
  config: oauth.Configuration,
  verifier: string,
  more: Record<string, string> = {},
): Promise<URL> {
  const to = oauth.buildAuthorizationUrl(config, {
    ...{ redirect_uri: CALLBACK, scope: 'write:cities', resource: `${url.origin}/mcp` },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const page = await browser.follow(to.href);
  const done = page.to === undefined ? await browser.decide(page, 'approve') : page;
  return new URL(done.to ?? '');
}

const discover = (clientId: string): Promise<oauth.Configuration> =>
  oauth.discovery(url, clientId, undefined, oauth.None(), {
    algorithm: 'oauth2',
    execute: [oauth.allowInsecureRequests],
  });

test('AS-074: a client with a key is let in, calls with proofs, refreshes, and its tokens are no use to others', async () => {
  const browser = await signedInHere('alice');
  const config = await discover('prover');
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'));
  const verifier = oauth.randomPKCECodeVerifier();
  const back = await allowed(browser, config, verifier, { dpop_jkt: await DPoP.calculateThumbprint() });
  const first = await oauth.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier }, undefined, { DPoP });
  expect(first.token_type).toBe('dpop');

  // The official client of MCP, which knows nothing of proofs: whoever fetches for it does.
  const call = async (token: string): Promise<string> => {
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
      fetch: async (to, init = {}) =>
        oauth.fetchProtectedResource(
          config,
          token,
          new URL(to),
          init.method ?? 'GET',
          init.body as string | undefined,
          new Headers(init.headers),
          { DPoP },
        ),
    });
    const client = new Client({ name: 'prover', version: '1' });
    await client.connect(transport);
    const { content } = await client.callTool({ name: 'rename', arguments: { name: 'Bienne', id: 3 } });
    await client.close();
    return JSON.stringify(content);
  };
  expect(await call(first.access_token)).toContain('Bienne');
  const renewed = await oauth.refreshTokenGrant(config, first.refresh_token as string, undefined, { DPoP });
  expect(await call(renewed.access_token)).toContain('Bienne');

  const invoke = (headers: Record<string, string>): Promise<Response> =>
    fetch(new URL('/api/tool/city/invoke', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: '{"id":1}',
    });
  const stolen = renewed.access_token;
  const target = `${url.origin}/api/tool/city/invoke`;
  const thief = await prove(await proofKey(), { url: target, token: stolen });
  expect((await invoke({ Authorization: `Bearer ${stolen}` })).status).toBe(401);
  expect((await invoke({ Authorization: `DPoP ${stolen}`, DPoP: thief })).status).toBe(401);
}, 120_000);

test('a nonce of the authorization server is one at the doors, and the API takes proofs like them', async () => {
  const browser = await signedInHere('alice');
  const config = await discover('prover');
  const key = await proofKey();
  const verifier = oauth.randomPKCECodeVerifier();
  const api = { resource: `${url.origin}/api/v1`, scope: 'openid' };
  const back = await allowed(browser, config, verifier, api);
  const answer = await fetch(new URL('/oauth/token', url), {
    method: 'POST',
    headers: { DPoP: await prove(key, { url: `${url.origin}/oauth/token` }) },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: 'prover', redirect_uri: CALLBACK, code_verifier: verifier },
      code: back.searchParams.get('code') ?? '',
    }),
  });
  const nonce = answer.headers.get('dpop-nonce');
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const target = `${url.origin}/api/v1/users`;
  const ask = async (claims: Record<string, unknown>) =>
    fetch(target, {
      headers: {
        Authorization: `DPoP ${token}`,
        DPoP: await prove(key, { method: 'GET', url: target, token, claims }),
      },
    });
  // A clock that stands still since 2023 does not matter with the nonce. A user may list nobody: that is 403.
  expect((await ask({ iat: 1_700_000_000, nonce })).status).toBe(403);
  const refused = await ask({ iat: 1_700_000_000 });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringMatching(/^Bearer .*, DPoP .*error="use_dpop_nonce"/),
  ]);
  expect((await ask({ iat: 1_700_000_000, nonce: refused.headers.get('dpop-nonce') })).status).toBe(403);
  const bearer = await fetch(target, { headers: { Authorization: `Bearer ${token}` } });
  expect([bearer.status, await bearer.json()]).toEqual([401, expect.objectContaining({ code: 'PROOF_REFUSED' })]);
}, 120_000);

test('a client with a certificate has tokens that count on its connections alone', async () => {
  const browser = await signedInHere('alice');
  const config = await discover('shower');
  const { mtls_endpoint_aliases: aliases = {} } = config.serverMetadata();
  const verifier = oauth.randomPKCECodeVerifier();
  const back = await allowed(browser, config, verifier);
  const answer = await over(desk, aliases['token_endpoint'] as string, {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: 'shower', redirect_uri: CALLBACK, code_verifier: verifier },
      code: back.searchParams.get('code') ?? '',
    }).toString(),
  });
  const { access_token: token } = JSON.parse(answer.body) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const agents = new URL(aliases['token_endpoint'] as string).origin;
  const invoked = await over(desk, `${agents}/api/tool/city/invoke`, { headers, body: '{"id":1}' });
  expect([invoked.status, invoked.body]).toEqual([200, expect.stringContaining('Basel')]);
  const other = clientCa.issue(['other.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });
  expect((await over(other, `${agents}/api/tool/city/invoke`, { headers, body: '{"id":1}' })).status).toBe(401);
  const plain = await fetch(new URL('/api/tool/city/invoke', url), { method: 'POST', headers, body: '{"id":1}' });
  expect(plain.status).toBe(401);
  // Pages for people are not there.
  expect((await over(desk, `${agents}/console/sign-in`, { headers: {}, body: '' })).status).toBe(404);
  expect((await over(desk, `${agents}/oauth/authorize`, { headers: {}, body: '' })).status).toBe(404);
}, 120_000);

/** A POST on a connection that shows that certificate. */
const over = (
  { cert, key }: TestCertificate,
  target: string,
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const asking = httpsRequest(
      target,
      { method: 'POST', headers, cert, key, ca: serverCa.cert, agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode as number, body: text }));
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
