/** `docs/proxy.md` from nothing, as it stands: authority, certificates, issuer, proxy, and a client that knows a URL. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { request } from 'node:http';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startCompanyIdp } from '../../../test/company-idp.ts';
import { freePort } from '../../../test/loopback.ts';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { signInFor } from './signed-in.fixture.ts';
import { run, start, workspace } from './server.fixture.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/proxy.md'), 'utf8');
const commands = Array.from(text.matchAll(/^chatelaine (.*)$/gm), ([, words]) => words as string);
const yaml = /```yaml\n([^]*?)```/.exec(text)?.[1] as string;

/** What stands before the proxy and speaks TLS, at the address that clients know. */
async function ingress(at: { readonly port: number; readonly to: number }, pem: (name: string) => string) {
  const server = createServer({ cert: pem('login.crt'), key: pem('login.key') }, (asked, answer) => {
    const { method, url: path, headers } = asked;
    const far = request({ host: '127.0.0.1', port: at.to, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode as number, given.headers);
      given.pipe(answer);
    });
    far.on('error', () => answer.destroy());
    answer.on('close', () => far.destroy());
    asked.pipe(far);
  });
  await new Promise<void>((resolve) => server.listen(at.port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

test('docs/proxy.md says what works: who signs in at the issuer acts as themselves at the back end', async () => {
  const space = workspace();
  onTestFinished(() => space.remove());
  mkdirSync(space.file('etc'));
  const pem = (name: string): string => readFileSync(join(space.file('etc'), name), 'utf8');
  const [login, internal, flights, proxied] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const issuer = new URL(`https://localhost:${login}`);
  const resource = new URL(`https://localhost:${flights}/mcp`);
  const idp = await startCompanyIdp({ redirectUris: [new URL('/oauth/callback/company', issuer).href] });
  idp.accounts.set('ana', { preferred_username: 'ana' });
  const backEnd = await serveUpstream('session');
  onTestFinished(() => backEnd.close());
  /** Names and ports of the document as they are on this machine. */
  const here = (words: string): string =>
    words
      .replaceAll('/etc/chatelaine', space.file('etc'))
      .replaceAll('https://login.example:7443', `https://localhost:${internal}`)
      .replaceAll('https://login.example', issuer.origin)
      .replaceAll('login.example', 'localhost')
      .replaceAll('https://flights.example/mcp', resource.href)
      .replaceAll('https://idp.example', `${idp.issuer}\nallowPrivateNetworks: true`)
      .replaceAll('http://127.0.0.1:9000/mcp', backEnd.url)
      .replaceAll('internalListener:\n', `internalListener:\n  port: ${internal}\n`);

  for (const line of commands.filter((words) => words.startsWith('ca '))) {
    const { code, stderr } = await run(here(line).split(' '));
    expect([line, code, stderr]).toEqual([line, 0, '']);
  }
  const config = space.write('tools.yaml', here(yaml));
  const dataDir = ['--data-dir', space.dataDir];
  const put = ['secret', 'put', 'company-idp', '--kind', 'password', '--config', config, ...dataDir];
  expect(await run(put, { input: idp.clientSecret })).toMatchObject({ code: 0 });
  const authorities = getCACertificates('default');
  setDefaultCACertificates([...authorities, pem('bundle.pem')]);
  onTestFinished(() => setDefaultCACertificates(authorities));
  const server = await start(['--config', config, '--port', String(login), ...dataDir], { cwd: space.folder });
  onTestFinished(async () => void (await server.stop()));
  const [, words = ''] =
    /^proxy (.* --tls-terminated-by .*)$/.exec(commands.find((one) => one.includes('--tls-t')) ?? '') ?? [];
  const proxy = await start([...here(words).split(' '), '--port', String(proxied), '--data-dir', space.file('proxy')], {
    cwd: space.folder,
    command: 'proxy',
  });
  onTestFinished(async () => void (await proxy.stop()));
  await ingress({ port: flights, to: proxied }, pem);

  // All that the client knows is the URL of the resource.
  const { client } = await signInFor(resource, { issuer, idp, account: 'ana' });
  expect(JSON.stringify(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }))).toContain('hello');
  const credentials = backEnd.requests.map(({ headers }) => headers.authorization);
  expect(new Set(credentials)).toEqual(new Set(idp.accessTokens.map((token) => `Bearer ${token}`)));
}, 240_000);

test('the command line for a program stands in docs/proxy.md as it is understood', async () => {
  const [line = ''] = commands.filter((words) => words.startsWith('proxy ') && words.includes(' -- '));
  const space = workspace();
  onTestFinished(() => space.remove());
  const { code, stderr } = await run([...line.split(' '), '--data-dir', space.dataDir], { cwd: space.folder });
  // The program of the document is on nobody's machine: everything before it was understood.
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('/opt/mcp/weather')]);
  expect(code).not.toBe(0);
}, 60_000);
