/** The first minute: no setting, no key, whichever name of this machine the client was given. */
import { get } from 'node:http';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { issuerUrl } from '../serve/own-authorization-server.ts';
import { serverSchema } from '#contract';
import type { Browser } from '../../../test/browser.ts';
import { withServices } from './api.fixture.ts';
import { freePort } from '../../../test/loopback.ts';
import { Keeper } from './oauth-keeper.fixture.ts';
import { personWith } from './own-server.fixture.ts';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer | undefined;
let port: number;
beforeEach(async () => {
  place = workspace();
  port = await freePort();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

const serve = async (config: string): Promise<void> => {
  const file = place.write('tools.yaml', config);
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
};

const issuer = (): URL => new URL(`http://localhost:${port}`);

const ann = (): Promise<Browser> =>
  withServices(place.dataDir, systemClock, async (services) => {
    const who = { name: 'ann', role: 'user', own: issuer(), publicUrl: issuer() } as const;
    return (await personWith(services, who)).browser;
  });

describe.each(['localhost', '127.0.0.1'])('the official MCP client, given http://%s', (host) => {
  test('is led to sign in by the URL alone, and calls a tool', { timeout: 120_000 }, async () => {
    await serve(CITIES);
    const browser = await ann();
    const keeper = new Keeper();
    const url = new URL(`http://${host}:${port}/mcp`);
    const first = new StreamableHTTPClientTransport(url, { authProvider: keeper });
    await expect(new Client({ name: 'desk', version: '1' }).connect(first)).rejects.toBeInstanceOf(UnauthorizedError);
    expect(keeper.sentTo?.origin).toBe(issuer().origin);
    const page = await browser.follow(keeper.sentTo?.href ?? '');
    // One resource, whichever name it was asked for under.
    expect(page.text).toContain(`${issuer().origin}/mcp`);
    const done = await browser.decide(page, 'approve');
    await first.finishAuth(new URL(done.to ?? '').searchParams);
    const client = new Client({ name: 'desk', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(url, { authProvider: keeper }));
    const basel = await client.callTool({ name: 'city', arguments: { id: 1 } });
    expect(JSON.stringify(basel.content)).toContain('Basel');
    await client.close();
  });
});

/** The challenge at a door and the document that it names, to who sends that `Host`. */
async function metadataFor(host: string): Promise<{ readonly named: string; readonly resource: unknown }> {
  const refused = await fetch(`http://${host}/mcp`, { method: 'POST' });
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  const document = (await (await fetch(named)).json()) as Record<string, unknown>;
  expect(document['authorization_servers']).toEqual([issuer().origin]);
  return { named, resource: document['resource'] };
}

test(
  'metadata name the resource as the client does, and always one issuer (RFC 9728 §3.3)',
  { timeout: 120_000 },
  async () => {
    await serve(CITIES);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`]) {
      expect(await metadataFor(host)).toEqual({
        named: `http://${host}/.well-known/oauth-protected-resource/mcp`,
        resource: `http://${host}/mcp`,
      });
    }
    expect(server?.stdout()).toContain('leads its person to sign in');
  },
);

test(
  'an audience of a client is the resource that it names, under any name of this machine',
  { timeout: 120_000 },
  async () => {
    const client = `---\nkind: client\nname: desk\nclientId: desk\nredirectUris: [https://desk.test/cb]\naudiences: ['http://127.0.0.1:${port}/mcp']\n`;
    await serve(CITIES + client);
    const browser = await ann();
    const query = new URLSearchParams({
      ...{ client_id: 'desk', redirect_uri: 'https://desk.test/cb', response_type: 'code' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    });
    const page = await browser.follow(`/oauth/authorize?${query.toString()}`);
    expect(page.text).toContain(`${issuer().origin}/mcp`);
    const done = await browser.decide(page, 'approve');
    expect(new URL(done.to ?? '').searchParams.get('code')).toMatch(/./);
  },
);

/** What a request with these headers is answered with: `fetch` sends no other `Host` than that of its URL. */
const ask = (path: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });

test('AS-070: no name that is not this machine’s gets into metadata', { timeout: 120_000 }, async () => {
  await serve(CITIES);
  const path = '/.well-known/oauth-protected-resource/mcp';
  for (const host of ['evil.test', `evil.test:${port}`, `127.0.0.1.evil.test:${port}`])
    expect([host, (await ask(path, { Host: host })).status]).toEqual([host, 421]);
  const local = `127.0.0.1:${port}`;
  const requests: readonly Readonly<Record<string, string>>[] = [
    { Host: local, 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.test' },
    // A tunnel: the name is this machine's, and where it leads is not known here.
    { Host: '127.0.0.1:1' },
    { Host: 'localhost' },
  ];
  for (const headers of requests) {
    const { resource } = JSON.parse((await ask(path, headers)).body) as { resource: string };
    expect([headers, resource]).toEqual([
      headers,
      `${headers['Host'] === local ? `http://${local}` : issuer().origin}/mcp`,
    ]);
  }
});

test('where the configuration trusts another issuer, clients are sent there first', { timeout: 120_000 }, async () => {
  const trusted = `---\nkind: authService\nname: corporate\ntype: generic\naudience: tools\nauthorizationServer: https://idp.test\nmcpEnabled: true\n`;
  await serve(CITIES + trusted);
  const document = (await (
    await fetch(new URL('/.well-known/oauth-protected-resource/mcp', issuer()))
  ).json()) as Record<string, unknown>;
  expect(document['authorization_servers']).toEqual(['https://idp.test', issuer().origin]);
});

describe('where no issuer is set', () => {
  const settingsOf = (fields: object) => serverSchema.parse({ kind: 'server', ...fields });

  test('one is taken for this machine alone, at a port that stays', () => {
    expect(issuerUrl(settingsOf({}))?.origin).toBe('http://localhost:7420');
    expect(issuerUrl(settingsOf({ host: '::1', port: 80 }))?.origin).toBe('http://localhost');
  });

  test.each([
    ['the port is one of chance', { port: 0 }],
    ['others reach the server by a name', { allowedHosts: ['tools.internal'] }],
    ['a proxy stands in front', { trustedProxies: ['10.0.0.1'] }],
    ['TLS ends elsewhere', { tlsTerminatedBy: 'nginx' }],
    ['others reach the server', { host: '0.0.0.0', tlsTerminatedBy: 'nginx' }],
  ])('none is taken where %s', (_, fields) => {
    expect(issuerUrl(settingsOf(fields))).toBeUndefined();
  });

  test('`publicUrl` says where in all of these', () => {
    const fields = { publicUrl: 'https://tools.example', host: '0.0.0.0', tlsTerminatedBy: 'nginx', port: 0 };
    expect(issuerUrl(settingsOf(fields))?.origin).toBe('https://tools.example');
  });
});
