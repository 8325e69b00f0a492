/** The command in front of a server: its doors, its refusals, and what it says when one side is down. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { svid, testAuthority } from '../../../test/certificates.ts';
import { startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { freePort } from '../../../test/loopback.ts';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { callAt } from './proxy-chain.fixture.ts';
import { run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const CHILD = fileURLToPath(new URL('../../servers/connections/test/stdio-session.fixture.ts', import.meta.url));

interface Place {
  readonly space: Workspace;
  readonly issuer: TestIssuer;
  readonly resource: string;
  proxy(...args: readonly string[]): Promise<RunningServer>;
  token(claims?: Record<string, unknown>): Promise<string>;
}

async function place(): Promise<Place> {
  const space = workspace();
  onTestFinished(() => space.remove());
  const issuer = await startIssuer();
  onTestFinished(async () => await issuer[Symbol.asyncDispose]());
  const port = String(await freePort());
  const resource = `http://127.0.0.1:${port}/mcp`;
  return {
    ...{ space, issuer, resource },
    async proxy(...args) {
      const always = ['--resource', resource, '--issuer', issuer.url, '--data-dir', space.dataDir, '--port', port];
      const running = await start([...always, ...args], { cwd: space.folder, command: 'proxy' });
      onTestFinished(async () => void (await running.stop()));
      return running;
    },
    token: async (claims) => await issuer.token({ aud: resource, ...claims }),
  };
}

const stateOf = async ({ url }: RunningServer): Promise<unknown> => await (await fetch(`${url}/readyz`)).json();

test('a token of the issuer for the resource opens it, nothing else does, and nothing of the client goes further', async () => {
  const { issuer, resource, proxy, token } = await place();
  const backEnd = await serveUpstream('session');
  onTestFinished(() => backEnd.close());
  const running = await proxy('--upstream', backEnd.url);

  const refused = await fetch(resource, { method: 'POST', body: '{}' });
  expect(refused.status).toBe(401);
  const [, metadata] = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
  expect(await (await fetch(metadata ?? '')).json()).toMatchObject({ resource, authorization_servers: [issuer.url] });

  const good = await token();
  expect(await callAt(running.url, good)).toMatch(/^200 .*hello/);
  for (const claims of [{ aud: 'https://other.example/mcp' }, { iss: 'https://other.example' }])
    expect(await callAt(running.url, await token(claims))).toMatch(/^401 /);
  const sent = JSON.stringify(backEnd.requests.map(({ headers }) => headers));
  expect(sent).not.toContain(good);
  expect(sent).not.toContain('authorization');

  for (const path of ['/console/sign-in', '/api/v1/users', '/oauth/token', '/.well-known/jwks.json', '/console/setup'])
    expect([path, (await fetch(running.url + path)).status]).toEqual([path, 404]);
  expect(running.stdout()).not.toContain('administrator');
  expect(await running.stop()).toBe(0);
}, 120_000);

test('with a configuration its policies decide alone, and a program stands behind it as well', async () => {
  const { space, proxy, token } = await place();
  const program = [process.execPath, '--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning', CHILD];
  const alone = await proxy('--', ...program);
  expect(await callAt(alone.url, await token())).toMatch(/^200 .*hello/);
  await alone.stop();
  const file = space.write('more.yaml', 'kind: server\nlimits: {maxConcurrentCalls: 5}\n');
  const without = await proxy('--config', file, '--', ...program);
  expect(await callAt(without.url, await token())).toContain('no tool is called');
}, 120_000);

test('which side is down is said: the back end, the exchange, the issuer', async () => {
  const { space, issuer, proxy, token } = await place();
  const authority = testAuthority('Proxy');
  const { cert, key } = authority.issue([], svid('spiffe://td.test/ns/travel/proxy/flights'));
  const [nowhere, silent] = [await freePort(), await freePort()];
  const files = [
    ...['--cert', space.write('p.crt', cert), '--key', space.write('p.key', key)],
    ...['--ca', space.write('ca.pem', authority.cert), '--upstream-name', 'company'],
  ];

  const first = await proxy('--upstream', `http://127.0.0.1:${nowhere}/mcp`);
  expect(await stateOf(first)).toMatchObject({
    sources: { upstream: { state: 'unreachable' } },
    authServices: { issuer: { state: 'ok' } },
  });
  expect(await callAt(first.url, await token())).toMatch(/^503 .*SERVER_UNAVAILABLE/);
  await first.stop();

  const backEnd = await serveUpstream('stateless');
  onTestFinished(() => backEnd.close());
  const second = await proxy('--upstream', backEnd.url, '--exchange', `https://127.0.0.1:${silent}`, ...files);
  expect(await stateOf(second)).toMatchObject({ exchange: { state: 'unreachable' } });
  expect(await callAt(second.url, await token({ tsid: 'session-1' }))).toMatch(/^503 .*EXCHANGE_UNREACHABLE/);
  // Nobody's `tsid` but a token's own: without one there is nothing to exchange, and nobody is asked.
  expect(await callAt(second.url, await token(), 'connect_account')).toContain('no sign-in that has one');
  const acting = await token({ tsid: 'session-1', act: { sub: 'agent' } });
  expect(await callAt(second.url, acting, 'connect_account')).toContain('no sign-in that has one');
  expect(backEnd.requests).toEqual([]);
  await second.stop();

  issuer.trouble.set('/.well-known/openid-configuration', (_, response) => void response.writeHead(503).end());
  const third = await proxy('--upstream', backEnd.url);
  expect(await callAt(third.url, await token())).toMatch(/^503 .*CREDENTIAL_UNVERIFIABLE/);
  expect(await stateOf(third)).toMatchObject({ authServices: { issuer: { state: 'unreachable' } } });
}, 180_000);

test('a session of any other issuer is nobody’s here, whatever its tokens call it', async () => {
  const { space, resource, proxy, token } = await place();
  const other = await startIssuer();
  onTestFinished(async () => await other[Symbol.asyncDispose]());
  const authority = testAuthority('Proxy');
  const { cert, key } = authority.issue([], svid('spiffe://td.test/ns/travel/proxy/flights'));
  const documents = [
    {
      kind: 'authService',
      name: 'other',
      type: 'generic',
      mcpEnabled: true,
      authorizationServer: other.url,
      audience: resource,
    },
    {
      kind: 'policy',
      name: 'all',
      cedar: 'permit (principal is User, action, resource in Server::"default/upstream");',
    },
  ];
  const running = await proxy(
    ...['--upstream', 'http://127.0.0.1:1/mcp', '--exchange', `https://127.0.0.1:${await freePort()}`],
    ...['--cert', space.write('p.crt', cert), '--key', space.write('p.key', key)],
    ...['--ca', space.write('ca.pem', authority.cert), '--upstream-name', 'company'],
    ...['--config', space.write('more.yaml', documents.map((one) => JSON.stringify(one)).join('\n---\n'))],
  );
  expect(await callAt(running.url, await token({ tsid: 'session-1' }))).toMatch(/^503 .*EXCHANGE_UNREACHABLE/);
  const foreign = await other.token({ aud: resource, tsid: 'session-1' });
  expect(await callAt(running.url, foreign, 'connect_account')).toContain('no sign-in that has one');
}, 120_000);

test.each<[string, readonly string[], RegExp]>([
  [
    'where others reach it, in the clear',
    ['--upstream', 'https://x.example/mcp', '--host', '0.0.0.0'],
    /BIND_UNSAFE|in the clear/,
  ],
  [
    'with an exchange and no certificate',
    ['--upstream', 'https://x.example/mcp', '--exchange', 'https://l:7443'],
    /lacks `--upstream-name`, `--cert`, `--key`, `--ca`/,
  ],
  [
    'with an exchange in the name of nobody yet',
    [
      ...['--upstream', 'https://x.example/mcp', '--exchange', 'https://l:7443', '--upstream-name', 'company'],
      ...['--workload-api', 'unix:///run/agent.sock', '--server-spiffe-id', 'spiffe://td.test/login'],
    ],
    /lacks `--owner`/,
  ],
  [
    'with a certificate and no exchange',
    ['--upstream', 'https://x.example/mcp', '--cert', 'c.crt'],
    /`--cert` is for an `--exchange`/,
  ],
  ['with a program that is not there', ['--', 'no-such-program-at-all'], /there is no program/],
])(
  'does not start %s',
  async (_, args, expected) => {
    const space = workspace();
    onTestFinished(() => space.remove());
    const always = ['proxy', '--resource', 'https://f.example/mcp', '--issuer', 'https://l.example', '--port', '0'];
    const { code, stderr } = await run([...always, '--data-dir', space.dataDir, ...args], { cwd: space.folder });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(expected);
  },
  60_000,
);
