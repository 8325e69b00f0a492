/** The internal listener of a server as a process: docs/internal-exchange.md as it stands, and the public listener beside it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/loopback.ts';
import { CITIES, run, start, workspace } from './server.fixture.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/internal-exchange.md'), 'utf8');
const commands = Array.from(text.matchAll(/^chatelaine (ca .*)$/gm), (match) => match[1] as string);
const yaml = /```yaml\n([^]*?)```/.exec(text)?.[1] as string;

interface Asking {
  readonly path?: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

const ask = (
  url: string,
  { path = '/internal/token-exchange', ...tls }: Asking,
): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'a.b.c',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { hostname, port } = new URL(url);
    httpsRequest({ ...tls, hostname, port, path, method: 'POST', headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode as number, body }));
    })
      .on('error', reject)
      .end(form.toString());
  });

/** Every answer has an id of its own. */
const withoutId = (body: string): object => ({ ...(JSON.parse(body) as object), requestId: undefined });

test('docs/internal-exchange.md says what works; the public listener does not know the path (INT-017)', async () => {
  const space = workspace();
  onTestFinished(() => space.remove());
  mkdirSync(space.file('etc'));
  const here = (line: string): string => line.replaceAll('/etc/chatelaine', space.file('etc'));
  for (const line of commands) {
    const { code, stderr } = await run(here(line).split(' '));
    expect([line, code, stderr]).toEqual([line, 0, '']);
  }
  const port = await freePort();
  const settings = here(yaml).replaceAll('7420', String(port)).replace('7443', '0');
  space.write('tools.yaml', `${CITIES}---\n${settings.replace('kind: server', 'kind: server\nmetrics: false')}`);
  const running = await start(['--config', 'tools.yaml', '--data-dir', space.dataDir], { cwd: space.folder });
  onTestFinished(async () => void (await running.stop()));
  const internal = /Internal\s+(https:\/\/127\.0\.0\.1:\d+)\//.exec(running.stdout())?.[1] as string;
  const pem = (name: string): string => readFileSync(join(space.file('etc'), name), 'utf8');
  const ca = pem('bundle.pem');
  const owner = { ca, cert: pem('flights.crt'), key: pem('flights.key') };

  const answer = await ask(internal, owner);
  expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { error: 'invalid_request' }]);
  await expect(ask(internal, { ca })).rejects.toThrow(/alert|ECONNRESET|hang up|EPIPE/);
  const nobody = { ca, cert: pem('server.crt'), key: pem('server.key') };
  expect((await ask(internal, nobody)).status).toBe(401);
  expect((await ask(internal, { ...owner, path: '/oauth/token' })).status).toBe(404);

  for (const shown of [{ ca }, owner]) {
    const unknown = await ask(running.url, { ...shown, path: '/nothing/here' });
    expect(unknown.status).toBe(404);
    for (const path of [
      ...['/internal/token-exchange', '//internal/token-exchange', '/%69nternal/token-exchange'],
      ...['/mcp/../internal/token-exchange', `${running.url}/internal/token-exchange`],
    ]) {
      const found = await ask(running.url, { ...shown, path });
      expect([path, found.status]).toEqual([path, 404]);
      expect(withoutId(found.body)).toEqual(withoutId(unknown.body));
    }
  }
});
