/** A server over TLS as a process: docs/tls.md as it stands, and starts that are refused. */
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testAuthority } from '../../../test/certificates.ts';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let space: Workspace;
let running: RunningServer | undefined;
beforeEach(() => {
  space = workspace();
  running = undefined;
});
afterEach(async () => {
  await running?.stop();
  space.remove();
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

const fetchOver = (
  url: string,
  options: { ca: string; cert?: string; key?: string; headers?: Record<string, string> },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    get(url, { ...options, agent: false }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode as number, body, serial: serialNumber.toLowerCase() }),
      );
    }).on('error', reject);
  });

describe('docs/tls.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/tls.md'), 'utf8');
  const here = (line: string): string => line.replaceAll('/etc/chatelaine', space.file('etc'));
  const commands = Array.from(text.matchAll(/^chatelaine (ca .*)$/gm), (match) => match[1] as string);
  const yaml = /```yaml\n([^]*?)```/.exec(text)?.[1] as string;

  it('says what works: authority, server, agent, renewal and rotation', async () => {
    mkdirSync(space.file('etc'));
    const does = async (line: string): Promise<void> => {
      const { code, stderr } = await run(here(line).split(' '));
      expect([line, code, stderr]).toEqual([line, 0, '']);
    };
    const rotation = commands.findIndex((line) => line.includes('rotate'));
    for (const line of commands.slice(0, rotation)) await does(line);

    space.write('tools.yaml', `${CITIES}---\n${here(yaml).replace('7444', '0')}\nmetrics: false\n`);
    running = await start(['--config', 'tools.yaml', '--data-dir', space.dataDir], { cwd: space.folder });
    expect(running.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const agents = /Agents\s+(https:\S+)\/mcp/.exec(running.stdout())?.[1] as string;
    const pem = (name: string): string => readFileSync(join(space.file('etc'), name), 'utf8');
    const ca = pem('bundle.pem');

    const ready = await fetchOver(`${running.url}/readyz`, { ca });
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toMatchObject({ tls: { tls: { files: 'ok' }, agentListener: { files: 'ok' } } });
    const { key } = await makeKey(space.dataDir);
    const headers = { Authorization: `Bearer ${key}` };
    expect((await fetchOver(`${running.url}/api/toolset`, { ca, headers })).status).toBe(200);

    const agent = { ca, cert: pem('booking.crt'), key: pem('booking.key') };
    expect((await fetchOver(`${agents}/readyz`, agent)).status).toBe(200);
    await expect(fetchOver(`${agents}/readyz`, { ca })).rejects.toThrow(/alert|ECONNRESET|hang up/);
    const visit = () => fetchOver(`${agents}/api/toolset`, agent);
    expect((await visit()).status, 'nobody’s SPIFFE ID').toBe(401);
    const state = new DatabaseSync(join(space.dataDir, 'chatelaine.db'));
    state.exec(`UPDATE agents SET spiffe_id = 'spiffe://prod.example.com/agent/booking' WHERE name = 'tester'`);
    state.close();
    await vi.waitFor(async () => expect((await visit()).status).toBe(200), { timeout: 20_000, interval: 100 });

    const issueServer = commands.find((line) => /--dns/.test(line)) as string;
    await does(issueServer);
    await vi.waitFor(
      async () => expect((await fetchOver(`${running?.url}/healthz`, { ca })).serial).not.toBe(ready.serial),
      { timeout: 30_000, interval: 200 },
    );
    for (const line of commands.slice(rotation)) await does(line);
    await does(issueServer);
    const both = pem('bundle.pem');
    await vi.waitFor(async () => expect((await fetchOver(`${running?.url}/healthz`, { ca: both })).status).toBe(200), {
      timeout: 30_000,
      interval: 200,
    });
    // By the new authority: the old bundle does not know it.
    await vi.waitFor(() => expect(fetchOver(`${running?.url}/healthz`, { ca })).rejects.toThrow(/certificate/), {
      timeout: 30_000,
      interval: 200,
    });
    expect((await fetchOver(`${agents}/readyz`, { ...agent, ca: both })).status).toBe(200);
  });
});

describe('a start is refused', () => {
  const authority = testAuthority('CA');
  const serve = async (server: string, ...options: string[]) => {
    space.write('tools.yaml', `${CITIES}---\nkind: server\nmetrics: false\n${server}`);
    return run(['serve', '--config', 'tools.yaml', '--port', '0', '--data-dir', space.dataDir, ...options], {
      cwd: space.folder,
    });
  };

  it('with a key that belongs to another certificate, naming both files', async () => {
    const certificate = space.write('tls.crt', authority.issue(['tools.test']).cert);
    const key = space.write('tls.key', authority.issue(['tools.test']).key);
    const { code, stderr } = await serve(`tls: {certificate: ${certificate}, key: ${key}}\n`);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `error CERTIFICATE_UNUSABLE: the key \`${key}\` (EC prime256v1) does not belong to the certificate \`${certificate}\` (EC prime256v1)`,
    );
  });

  it('with a bundle that is none', async () => {
    const leaf = authority.issue(['tools.test']);
    const [certificate, key] = [space.write('tls.crt', leaf.cert), space.write('tls.key', leaf.key)];
    const { code, stderr } = await serve(
      `tls: {certificate: ${certificate}, key: ${key}}\nagentListener: {clientCa: ${certificate}, trustDomain: td.test}\n`,
    );
    expect([code, stderr]).toEqual([2, expect.stringMatching(/error TRUST_UNUSABLE: .*is no authority/)]);
  });

  it.each([['in the file', 'host: 0.0.0.0\n', []] as const, ['by --host', '', ['--host', '0.0.0.0']] as const])(
    'for an address that others reach, without TLS: %s (CFG-004)',
    async (_, server, options) => {
      const { code, stderr } = await serve(server, ...options);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /`0\.0\.0\.0` is reachable from other machines.*`tls: \{certificate, key\}`.*`tlsTerminatedBy`/,
      );
    },
  );

  it.each([
    [
      'TLS here and at a proxy',
      'tls: {certificate: /c, key: /k}\ntlsTerminatedBy: nginx\n',
      /give `tls` or `tlsTerminatedBy`/,
    ],
    [
      'an agent listener without a certificate',
      'agentListener: {clientCa: /c, trustDomain: td.test}\n',
      /there is no certificate for it/,
    ],
    ['a relative path', 'tls: {certificate: tls.crt, key: /k}\n', /neither an absolute path nor PEM text/],
    [
      'a trust domain in upper case',
      'tls: {certificate: /c, key: /k}\nagentListener: {clientCa: /c, trustDomain: TD}\n',
      /a trust domain is written with/,
    ],
  ])('for %s', async (_, server, sentence) => {
    const { code, stderr } = await serve(server);
    expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  });
});
