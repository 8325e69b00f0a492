/** TLS on the public listener, by real handshakes. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { openServerTls, type ServerTls } from '#tls';
import { testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { listen, type Listener } from '../index.ts';
import { ALICE, startGateway, type RunningGateway } from './gateway.fixture.ts';

const authority = testAuthority('CA');
const issue = (): TestCertificate => authority.issue(['localhost', '127.0.0.1', 'tools.test']);

let folder: string;
let running: RunningGateway;
let tls: ServerTls;
let listener: Listener;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chatelaine-https-'));
  install(issue());
  const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  tls = await openServerTls({ certificate, key, field: 'tls', clock: systemClock, log: silentLogger });
  running = await startGateway({}, undefined, [], [tls], {
    answers: (path) => path === '/console/sign-in',
    handle: async (_, response, { headers }) => void response.writeHead(200, [...headers]).end(),
  });
  listener = await open();
});
afterAll(async () => {
  tls.close();
  await Promise.all([listener.close(100), running.close()]);
  rmSync(folder, { recursive: true });
});

const open = (): Promise<Listener> =>
  listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: running.gateway.handler, tls });

function install({ cert, key }: TestCertificate): void {
  for (const [name, text] of [
    ['tls.key', key],
    ['tls.crt', cert],
  ] as const) {
    writeFileSync(join(folder, `${name}.new`), text);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  }
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function send(options: RequestOptions = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port: listener.port, servername: 'localhost', ca: authority.cert, agent: false, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode as number, headers: response.headers, body: text }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const invoke = (options: RequestOptions = {}): Promise<Answer> =>
  send(
    {
      ...options,
      method: 'POST',
      path: '/api/tool/echo/invoke',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ALICE}` },
    },
    '{"text":"hello"}',
  );

function shakeHands(options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: listener.port, servername: 'localhost', ca: authority.cert, ...options },
      () => resolve(socket),
    );
    socket.on('error', reject);
  });
}

describe('the handshake', () => {
  it.each(['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'])(
    'is TLS 1.3 with %s, where that is all a client has',
    async (suite) => {
      const socket = await shakeHands({ ciphers: suite });
      expect([socket.getProtocol(), socket.getCipher().standardName]).toEqual(['TLSv1.3', suite]);
      socket.destroy();
    },
  );

  it('prefers AES-256 when a client has all', async () => {
    const socket = await shakeHands({
      ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
    });
    expect(socket.getCipher().standardName).toBe('TLS_AES_256_GCM_SHA384');
    socket.destroy();
  });

  it.each<[what: string, options: ConnectionOptions]>([
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
    ['TLS 1.2 with a strong suite', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }],
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['a suite for small devices', { ciphers: 'TLS_AES_128_CCM_SHA256' }],
    ['a client of HTTP/2 alone (RFC 7301 §3.2)', { ALPNProtocols: ['h2'] }],
  ])('is refused to %s', async (_, options) => {
    await expect(shakeHands(options)).rejects.toThrow(/alert|version|protocol|ECONNRESET/i);
  });

  it('takes HTTP/1.1 when a client offers HTTP/2 as well', async () => {
    const socket = await shakeHands({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
  });

  it.each([
    ['localhost', true],
    ['tools.test', true],
    ['evil.test', false],
  ])('for the name %s: the client finds it in the certificate: %s', async (servername, found) => {
    const outcome = await shakeHands({ servername }).then(
      (socket) => socket.destroy() && true,
      () => false,
    );
    expect(outcome).toBe(found);
  });

  it('cannot be resumed: no ticket outlives what was checked (INT-023)', async () => {
    const first = await shakeHands();
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session));
    first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => first.on('data', () => {}).on('close', resolve));
    for (const session of [first.getSession(), ...sessions]) {
      const again = await shakeHands({ session });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });

  it('is all that plain HTTP gets on this port', async () => {
    const said = await new Promise<string>((resolve) => {
      const socket = connectPlain(listener.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    expect(said).not.toContain('HTTP/');
  });
});

describe('answers over TLS', () => {
  it.each([
    ['/healthz', 200, {}],
    ['/console/sign-in', 200, {}],
    ['/', 200, {}],
    ['/mcp', 401, {}],
    ['/nowhere', 404, {}],
  ])('to %s tell browsers to stay with TLS (RFC 6797)', async (path, status, headers) => {
    const answer = await send({ path, headers: { Host: 'tools.test', ...headers } });
    expect(answer.status).toBe(status);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it.each(['localhost', '127.0.0.1:1234', '[::1]'])('as %s do not: other programs share that name', async (host) => {
    const answer = await send({ path: '/healthz', headers: { Host: host } });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-content-type-options': 'nosniff' } });
    expect(answer.headers['strict-transport-security']).toBeUndefined();
  });

  it('are given to the names in the certificate, and to no others', async () => {
    expect((await send({ path: '/healthz', headers: { Host: 'tools.test:8443' } })).status).toBe(200);
    expect((await send({ path: '/healthz', headers: { Host: 'evil.test' } })).status).toBe(421);
  });

  it('say on /readyz until when the certificate is valid', async () => {
    const { body } = await send({ path: '/readyz' });
    expect(JSON.parse(body)).toMatchObject({
      tls: { tls: { expires: new Date(tls.notAfter()).toISOString(), files: 'ok' } },
    });
  });
});

describe('a new certificate', () => {
  it('is for new connections, fails no request, and lets old connections finish', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert });
    const serials = new Set<string>();
    const statuses: number[] = [];
    const stop = new AbortController();
    const load = [1, 2, 3, 4].map(async () => {
      while (!stop.signal.aborted) {
        const fresh = new Agent({ keepAlive: false });
        fresh.on('keylog', (_, socket) =>
          socket.once('secureConnect', () => serials.add(socket.getPeerCertificate().serialNumber.toLowerCase())),
        );
        statuses.push((await invoke({ agent: fresh })).status, (await invoke({ agent: kept })).status);
      }
    });
    const renewed = Array.from({ length: 5 }, issue);
    for (const certificate of renewed) {
      const { length } = statuses;
      install(certificate);
      await tls.look();
      await tls.look();
      await vi.waitFor(() => expect(statuses.length).toBeGreaterThan(length + 16), { timeout: 30_000 });
    }
    stop.abort();
    await Promise.all(load);
    kept.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const { serial } of renewed) expect(serials).toContain(serial);
  });
});

describe('ending', () => {
  it('does not wait for handshakes that do not come, nor for connections without a request', async () => {
    const brief = await open();
    const silent = connectPlain(brief.port, '127.0.0.1');
    const idle = connect({ host: '127.0.0.1', port: brief.port, servername: 'localhost', ca: authority.cert });
    await Promise.all([
      new Promise((resolve) => silent.once('connect', resolve)),
      new Promise((resolve) => idle.once('secureConnect', resolve)),
    ]);
    // Half of a handshake: bytes that are no request.
    silent.write(Buffer.from('1603010200', 'hex'));
    const closed = [silent, idle].map(
      (socket) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve)),
    );
    // Far longer than the test may take.
    await Promise.all([brief.close(3_600_000), ...closed]);
    expect(idle.destroyed).toBe(true);
  });
});
