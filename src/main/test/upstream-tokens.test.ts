/** Tools that act as who the caller is elsewhere: the whole way from a sign-in to the request at an API. */
import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { serve as serveHttp, type TestServer } from '../../../test/http-server.ts';
import { freePort } from '../../../test/loopback.ts';
import { clientOf, companyDocuments, signIn, type SignedIn } from './signed-in.fixture.ts';
import { run, start, workspace, type Workspace } from './server.fixture.ts';

interface Running {
  readonly url: URL;
  readonly idp: CompanyIdp;
  readonly api: TestServer;
  readonly place: Workspace;
  /** How the API answers a bearer token; 200 unless set. */
  answer: ((token: string, response: ServerResponse) => void) | undefined;
}

const documents = (url: URL, idp: CompanyIdp, apiUrl: string): string => `
kind: server
port: ${url.port}
publicUrl: ${url.origin}
${companyDocuments(idp)}---
kind: source
name: crm
type: http
baseUrl: ${apiUrl}
allowedIpRanges: [127.0.0.0/8]
auth:
  type: upstream
  upstream: company
---
kind: tool
name: customers
type: http
source: crm
description: The customers of whoever asks.
method: GET
path: /customers
`;

async function serve(accessTokenSeconds?: () => number): Promise<Running> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const idp = await startCompanyIdp({
    redirectUris: [new URL('/oauth/callback/company', url).href],
    ...(accessTokenSeconds !== undefined && { accessTokenSeconds }),
  });
  for (const name of ['ana', 'bo']) idp.accounts.set(name, { preferred_username: name, groups: ['staff'] });
  const running: { answer: Running['answer'] } = { answer: undefined };
  const api = await serveHttp((request, response) => {
    const token = String(request.headers.authorization).replace('Bearer ', '');
    if (running.answer !== undefined) return running.answer(token, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ seen: request.headers.authorization }));
  });
  onTestFinished(async () => await api[Symbol.asyncDispose]());
  const file = place.write('tools.yaml', documents(url, idp, api.url));
  const server = await start(['--config', file, '--port', url.port, '--data-dir', place.dataDir], {
    cwd: place.folder,
    env: { COMPANY: idp.clientSecret },
  });
  onTestFinished(async () => void (await server.stop()));
  return Object.assign(running, { url, idp, api, place });
}

const customers = async ({ client }: SignedIn) => await client.callTool({ name: 'customers', arguments: {} });

const overRest = async (url: URL, token: string) => {
  const answer = await fetch(new URL('/api/tool/customers/invoke', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};

const tokensAt = ({ received }: TestServer): readonly string[] =>
  received.map(({ headers }) => String(headers.authorization).replace('Bearer ', ''));

test('each of two people acts as themselves at the API, and nobody’s token of ours leaves (MCP-016)', async () => {
  const running = await serve();
  const { idp, api } = running;
  const ana = await signIn(running, 'ana');
  const bo = await signIn(running, 'bo');
  await customers(ana);
  await customers(bo);
  await overRest(running.url, ana.token);
  const [ofAna, ofBo, ...others] = tokensAt(api);
  expect(idp.accessTokens).toEqual([ofAna, ofBo]);
  expect(others).toEqual([ofAna]);
  // What the API repeats of it is not passed on.
  const answered = JSON.stringify(await customers(bo));
  expect(answered).toContain('[secret]');
  for (const token of [...idp.accessTokens, ana.token, bo.token]) expect(answered).not.toContain(token);
  expect(JSON.stringify(api.received)).not.toContain(ana.token);
  expect(JSON.stringify(api.received)).not.toContain(bo.token);
}, 120_000);

test('a token that the API refuses is refreshed once, whoever of a hundred calls meets it, and each is sent again once', async () => {
  const running = await serve();
  const { idp, api, url } = running;
  const ana = await signIn(running, 'ana');
  const [first] = idp.accessTokens;
  running.answer = (token, response) => void response.writeHead(token === first ? 401 : 200).end('{}');
  const answers = await Promise.all(Array.from({ length: 100 }, () => overRest(url, ana.token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(idp.refreshes).toBe(1);
  // One that refuses everything is not asked for ever, nor is the provider.
  const before = api.received.length;
  running.answer = (_, response) => void response.writeHead(401).end('{}');
  const refused = await overRest(url, ana.token);
  expect(refused.body).toMatchObject({ code: 'TOOL_FAILED' });
  expect([api.received.length - before, idp.refreshes]).toEqual([1, 1]);
}, 120_000);

test('a hundred calls with a token that is about to end are one request to the provider', async () => {
  let seconds = 50;
  const running = await serve(() => seconds);
  const { idp, url } = running;
  const ana = await signIn(running, 'ana');
  const asked = (): number => idp.requests.filter((one) => one === 'POST /token').length;
  const before = asked();
  seconds = 3600;
  const answers = await Promise.all(Array.from({ length: 100 }, () => overRest(url, ana.token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect([idp.refreshes, asked() - before]).toEqual([1, 1]);
}, 120_000);

test('an account that was disconnected: the client is led to the page where it is linked, then the call succeeds', async () => {
  const running = await serve();
  const { idp, api, url } = running;
  const ana = await signIn(running, 'ana');
  await ana.surfer.disconnect('default/gateway', 'company');
  // A door that opens no pages says where to go.
  const told = await overRest(url, ana.token);
  expect(told).toMatchObject({ status: 403, body: { code: 'ACCOUNT_NOT_LINKED', link: { upstream: 'company' } } });
  const { link } = told.body as { readonly link: { readonly url: string } };
  expect(String(told.body['error'])).toContain(link.url);
  expect(JSON.stringify(await customers(ana))).toContain('/console/connections/link?');
  // A client that opens pages is led there, in either era.
  const session = await clientOf(running, ana, 'legacy', () => {});
  await expect(session.callTool({ name: 'customers', arguments: {} })).rejects.toMatchObject({
    code: -32042,
    data: { elicitations: [{ mode: 'url', url: link.url }] },
  });
  const opened: string[] = [];
  const stateless = await clientOf(running, ana, 'auto', (at) => opened.push(at));
  expect(await stateless.callTool({ name: 'customers', arguments: {} })).toMatchObject({ isError: true });
  expect(opened).toEqual([link.url]);
  expect(api.received).toEqual([]);
  const page = await ana.surfer.browser.follow(link.url);
  await ana.surfer.browser.follow(
    await ana.surfer.through(await ana.surfer.submit(page, { account: 'connect', upstream: 'company' })),
  );
  await customers(ana);
  expect(tokensAt(api)).toEqual([idp.accessTokens.at(-1)]);
}, 120_000);

test('while the provider is down and the token is over, the answer says when to call again', async () => {
  const running = await serve(() => 1);
  const ana = await signIn(running, 'ana');
  running.idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(503, { 'retry-after': '17' }).end();
    return true;
  };
  await vi.waitFor(
    async () => {
      const { status, headers, body } = await overRest(running.url, ana.token);
      expect([status, body['code']]).toEqual([503, 'GRANT_UNAVAILABLE']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    },
    { timeout: 20_000, interval: 200 },
  );
}, 120_000);

test('whoever comes with something else than a sign-in has no account, and after a sign-out nobody has', async () => {
  const running = await serve();
  const { url, api, place } = running;
  const made = await run(['key', 'create', '--agent', 'bot', '--json', '--data-dir', place.dataDir]);
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  expect(await overRest(url, key)).toMatchObject({ status: 403, body: { code: 'CALLER_NOT_SIGNED_IN' } });
  const ana = await signIn(running, 'ana');
  await customers(ana);
  expect(api.received).toHaveLength(1);
  const revoked = await fetch(new URL('/oauth/revoke', url), {
    method: 'POST',
    body: new URLSearchParams({ token: ana.token, client_id: ana.clientId }),
  });
  expect(revoked.status).toBe(200);
  expect((await overRest(url, ana.token)).status).toBe(401);
  expect(api.received).toHaveLength(1);
}, 120_000);

test('a server that people cannot sign in at does not start with a tool that acts as them', async () => {
  const place = workspace();
  onTestFinished(() => place.remove());
  const idp = { issuer: 'https://idp.example', clientId: 'c' } as CompanyIdp;
  const text = documents(new URL('http://127.0.0.1:1'), idp, 'https://api.example').replace(/publicUrl: .*/, '');
  const file = place.write('tools.yaml', text);
  const args = ['serve', '--config', file, '--port', '0', '--data-dir', place.dataDir];
  const { code, stderr } = await run(args, { cwd: place.folder, env: { COMPANY: 'not-asked-for-here' } });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/no caller has a token of `company`.*this server has none of its own/);
}, 120_000);
