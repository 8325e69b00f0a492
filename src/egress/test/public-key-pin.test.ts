/** Pins of public keys (RFC 7469 §2.4), by handshakes: what is checked beside the chain, each time anew. */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EgressClient, type EgressTls } from '../egress-client.ts';
import { egressRulesOf } from '../egress-rules.ts';
import { pinOf } from '../public-key-pin.ts';
import { testAuthority, testKeys } from '../../../test/certificates.ts';

const authority = testAuthority('Pins');
const keys = testKeys();
const [current, next] = [authority.issue(['127.0.0.1'], { keys }), authority.issue(['127.0.0.1'])];

/** As an operator has it from OpenSSL. */
const pin = (pem: string): string => {
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
};
const NOT_PINNED = { code: 'EGRESS_KEY_NOT_PINNED' };

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A server that says of each request on which connection it came, and which of its sessions were resumed. */
async function door(shown: { cert: string; key: string }) {
  const numbers = new Map<unknown, number>();
  const resumed: boolean[] = [];
  const seen: string[] = [];
  const server: Server = createServer({ ...shown, minVersion: 'TLSv1.2' }, (request, response) => {
    seen.push(request.url as string);
    if (request.url === '/cut') return void request.socket.destroy();
    const to = /^\/to\/(\d+)$/.exec(request.url as string)?.[1];
    if (to !== undefined) return void response.writeHead(302, { location: `https://127.0.0.1:${to}/there` }).end();
    response.end(String(numbers.get(request.socket)));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    numbers.set(socket, numbers.size + 1);
    resumed.push(socket.isSessionReused());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`https://127.0.0.1:${port}/`), port, server, resumed, seen, connections: () => numbers.size };
}

function asking(url: URL, tls: EgressTls, identityFor?: URL) {
  const client = new EgressClient({
    rules: egressRulesOf({ allowPrivateNetworks: true, allowedIpRanges: [], customBlockedIpRanges: [] }),
    tls: async () => ({ ca: authority.cert, ...tls }),
    ...(identityFor !== undefined && { identityFor }),
  });
  endings.push(() => client.close());
  const signal = new AbortController().signal;
  return {
    client,
    ask: async (path = '/', headers: Record<string, string> = {}): Promise<string> => {
      const request = { method: 'GET', url: new URL(path, url), headers, body: undefined };
      const { body } = await client.request({ ...request, signal, timeoutMs: 30_000, maxBytes: 1000 });
      return body.toString();
    },
  };
}

describe('a pin of the key of a server (RFC 7469 §2.4)', () => {
  it('lets the server with that key answer, also with another certificate for the same key', async () => {
    const at = await door(current);
    const { ask } = asking(at.url, { pins: [pin(current.cert)] });
    expect(await ask('/', { connection: 'close' })).toBe('1');
    at.server.setSecureContext(authority.issue(['127.0.0.1'], { keys }));
    expect(await ask()).toBe('2');
  });

  it('refuses another key, naming host and pin, before anything was sent', async () => {
    const at = await door(next);
    const { ask, client } = asking(at.url, { pins: [pin(current.cert)] });
    const message = `\`127.0.0.1:${at.port}\` has the key \`sha256/${pin(next.cert)}\`, which is not the one that is pinned`;
    await expect(ask()).rejects.toMatchObject({ ...NOT_PINNED, message: expect.stringContaining(message) as string });
    await expect(client.connect(at.url, new AbortController().signal)).rejects.toMatchObject(NOT_PINNED);
    expect(at.seen).toEqual([]);
  });

  it('is one of several while a key rolls, and the old one is refused when it has gone from the list', async () => {
    const at = await door(current);
    const both = asking(at.url, { pins: [pin(next.cert), pin(current.cert)] });
    expect(await both.ask('/', { connection: 'close' })).toBe('1');
    at.server.setSecureContext(next);
    expect(await both.ask()).toBe('2');
    const old = asking(at.url, { pins: [pin(current.cert)] });
    await expect(old.ask()).rejects.toThrow('which is not the one that is pinned');
    const neither = asking(at.url, { pins: [pin(authority.cert), pin(current.cert)] });
    await expect(neither.ask()).rejects.toThrow('which is none of those that are pinned');
  });

  it('stands beside the chain and the name, and in the place of neither', async () => {
    const stranger = testAuthority('Stranger').issue(['127.0.0.1']);
    const unknown = asking((await door(stranger)).url, { pins: [pin(stranger.cert)] });
    await expect(unknown.ask()).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
    const elsewhere = authority.issue(['elsewhere.test']);
    const misnamed = asking((await door(elsewhere)).url, { pins: [pin(elsewhere.cert)] });
    await expect(misnamed.ask()).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
  });

  it('is that of the server itself: the authority over it does not do', async () => {
    const at = await door({ cert: current.cert + authority.cert, key: current.key });
    await expect(asking(at.url, { pins: [pin(authority.cert)] }).ask()).rejects.toMatchObject(NOT_PINNED);
  });

  it('holds for connections of a pool and for each that follows one that was cut', async () => {
    const at = await door(current);
    const { ask } = asking(at.url, { pins: [pin(current.cert)] });
    for (let times = 0; times < 8; times++) await ask();
    expect(at.connections()).toBeLessThan(8);
    await expect(ask('/cut')).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
    expect(Number(await ask())).toBeLessThan(9);
    // Who takes the place of the server between two connections, with a certificate that the authority gave.
    at.server.setSecureContext(next);
    at.server.closeAllConnections();
    await vi.waitFor(async () => await expect(ask()).rejects.toMatchObject(NOT_PINNED), { timeout: 20_000 });
    const before = at.seen.length;
    await expect(Promise.all([ask(), ask(), ask()])).rejects.toMatchObject(NOT_PINNED);
    expect(at.seen.length).toBe(before);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is asked in a full handshake each time, where sessions of %s would be resumed',
    async (version) => {
      const at = await door(current);
      const tls = { maxVersion: version } as EgressTls;
      const free = asking(at.url, tls);
      await free.ask();
      await vi.waitFor(
        async () => {
          await free.ask('/', { connection: 'close' });
          expect(at.resumed).toContain(true);
        },
        { timeout: 20_000 },
      );
      at.resumed.splice(0);
      const pinned = asking(at.url, { ...tls, pins: [pin(current.cert)] });
      for (let times = 0; times < 4; times++) await pinned.ask('/', { connection: 'close' });
      expect(at.resumed).toEqual([false, false, false, false]);
      const wrong = asking(at.url, { ...tls, pins: [pin(next.cert)] });
      for (let times = 0; times < 4; times++) await expect(wrong.ask()).rejects.toMatchObject(NOT_PINNED);
    },
  );

  it('is of one origin: where a redirect leads another key is none of its business', async () => {
    const [at, there] = [await door(current), await door(next)];
    const { ask } = asking(at.url, { pins: [pin(current.cert)] }, at.url);
    expect(await ask(`/to/${there.port}`)).toBe('1');
    expect(there.seen).toEqual(['/there']);
    const back = asking(there.url, { pins: [pin(next.cert)] }, at.url);
    await expect(back.ask(`/to/${at.port}`)).rejects.toMatchObject(NOT_PINNED);
  });

  it('is never found without TLS', async () => {
    const at = await door(current);
    const plain = new URL(`http://127.0.0.1:${at.port}/`);
    await expect(asking(plain, { pins: [pin(current.cert)] }).ask()).rejects.toMatchObject(NOT_PINNED);
  });
});

describe('the pin of a certificate', () => {
  it('is that of its key as the certificate spells it', () => {
    for (const { cert } of [authority, current, next]) expect(pinOf(new X509Certificate(cert).raw)).toBe(pin(cert));
    const rsa = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
    const { cert } = authority.issue(['rsa.test'], { keys: rsa });
    expect(pinOf(new X509Certificate(cert).raw)).toBe(pin(cert));
  });

  it('is none of bytes that are cut off or no certificate', () => {
    const { raw } = new X509Certificate(current.cert);
    for (let length = 0; length < 200; length++) expect(pinOf(raw.subarray(0, length))).toBeUndefined();
    expect(pinOf(Buffer.from('3080', 'hex'))).toBeUndefined();
    expect(pinOf(Buffer.alloc(64, 0x30))).toBeUndefined();
  });
});
