import { gzipSync } from 'node:zlib';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EgressClient, type EgressClientOptions, type EgressRequest } from '../egress-client.ts';
import { egressRules } from '../egress-rules.ts';
import { parseRange, type IpRange } from '../ip-address.ts';
import { serve, type TestServer } from '../../../test/http-server.ts';
import { testAuthority } from '../../../test/certificates.ts';

const clients: EgressClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function client(allowed: readonly string[], options: Omit<EgressClientOptions, 'rules'> = {}): EgressClient {
  const made = new EgressClient({
    rules: egressRules({
      allowedIpRanges: allowed.map((text) => parseRange(text) as IpRange),
      customBlockedIpRanges: [],
      allowPrivateNetworks: false,
    }),
    ...options,
  });
  clients.push(made);
  return made;
}

const request = (url: string, more: Partial<EgressRequest> = {}): EgressRequest => ({
  method: 'GET',
  url: new URL(url),
  headers: {},
  body: undefined,
  signal: new AbortController().signal,
  timeoutMs: 30_000,
  maxBytes: 1_000_000,
  ...more,
});

const hello = (): Promise<TestServer> => serve((_, response) => response.end('hello'));

describe('REG-001: an address that the rules refuse', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://0x7f000001:PORT/',
    'http://2130706433:PORT/',
    'http://017700000001:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::1]:PORT/',
    'http://0.0.0.0:PORT/',
    'http://localhost:PORT/',
  ])('is refused in the spelling %s, and nothing connects', async (spelling) => {
    await using victim = await hello();
    const refusing = client([]);
    const url = spelling.replace('PORT', String(victim.port));
    await expect(refusing.request(request(url))).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
    await expect(refusing.connect(new URL(url), new AbortController().signal)).rejects.toMatchObject({
      code: 'EGRESS_REFUSED',
    });
    expect(victim.connections()).toBe(0);
  });

  it('is named, with what it is', async () => {
    const resolve = () => Promise.resolve([{ address: '10.1.2.3', family: 4 }]);
    await expect(client([], { resolve }).request(request('http://intranet.test/?key=k'))).rejects.toThrow(
      '`intranet.test` resolves to `10.1.2.3`, a private address',
    );
  });
});

describe('REG-002: a name server that changes its mind (DNS rebinding)', () => {
  it('is asked once a connection, and the socket goes to the address that was checked', async () => {
    await using meant = await hello();
    await using victim = await serve((_, response) => response.end('secret'), { host: '127.0.0.2' });
    let asked = 0;
    // Both servers have ports of their own; the second answer would lead to the victim's host.
    const resolve = () => Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
    const guarded = client(['127.0.0.1'], { resolve });
    const answer = await guarded.request(
      request(`http://rebind.test:${meant.port}/`, { headers: { connection: 'close' } }),
    );
    expect(answer.body.toString()).toBe('hello');
    expect(asked).toBe(1);
    await expect(guarded.request(request(`http://rebind.test:${victim.port}/`))).rejects.toMatchObject({
      code: 'EGRESS_REFUSED',
    });
    expect(victim.connections()).toBe(0);
  });

  it('is refused when one of its addresses is, whatever the others are', async () => {
    await using meant = await hello();
    const resolve = () =>
      Promise.resolve([
        { address: '127.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ]);
    await expect(
      client(['127.0.0.1'], { resolve }).request(request(`http://mixed.test:${meant.port}/`)),
    ).rejects.toThrow('the metadata service of a cloud');
    expect(meant.connections()).toBe(0);
  });

  it('reaches a second address when the first does not answer', async () => {
    await using meant = await hello();
    const resolve = () =>
      Promise.resolve([
        { address: '127.0.0.3', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const answer = await client(['127.0.0.0/8'], { resolve }).request(request(`http://two.test:${meant.port}/`));
    expect(answer.body.toString()).toBe('hello');
  });
});

describe('REG-002: a redirect', () => {
  it('to a refused address is not followed', async () => {
    await using victim = await serve((_, response) => response.end('secret'), { host: '127.0.0.2' });
    await using first = await serve((_, response) => response.writeHead(302, { location: victim.url }).end());
    await expect(client(['127.0.0.1']).request(request(first.url))).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
    expect(victim.connections()).toBe(0);
  });

  it('to another origin is followed without credentials', async () => {
    await using other = await hello();
    await using first = await serve((_, response) => response.writeHead(302, { location: `${other.url}/x` }).end());
    const answer = await client(['127.0.0.1']).request(
      request(first.url, {
        headers: { authorization: 'Bearer x', 'x-api-key': 'k', cookie: 'c=1', accept: 'text/plain' },
      }),
    );
    expect(answer).toMatchObject({ status: 200, url: new URL(`${other.url}/x`) });
    const headers = other.received[0]?.headers ?? {};
    expect(headers['accept']).toBe('text/plain');
    expect([headers['authorization'], headers['x-api-key'], headers['cookie']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is followed five times and no more', async () => {
    await using loop = await serve(({ url = '' }, response) => {
      const step = Number(url.slice(1));
      if (step === 5) response.end('there');
      else response.writeHead(302, { location: `/${step + 1}` }).end();
    });
    const guarded = client(['127.0.0.1']);
    expect((await guarded.request(request(`${loop.url}/0`))).body.toString()).toBe('there');
    await expect(guarded.request(request(`${loop.url}/-1`))).rejects.toThrow('redirects more than 5 times');
    // Six requests for what arrives, six more for what does not.
    expect(loop.received).toHaveLength(12);
  });
});

describe('the body', () => {
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('is cut at the limit when %s, and the rest is never read', async (_, compress) => {
    const page = Buffer.alloc(1 << 20, 'x');
    const closed = Promise.withResolvers<void>();
    await using endless = await serve((_, response) => {
      response.on('close', () => closed.resolve());
      if (compress) {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(Buffer.alloc(64 << 20)));
        return;
      }
      const more = (): void => void (!response.destroyed && response.write(page, more));
      more();
    });
    const answer = await client(['127.0.0.1']).request(request(endless.url, { maxBytes: 1000 }));
    expect(answer).toMatchObject({ truncated: true });
    expect(answer.body).toHaveLength(1000);
    await closed.promise;
  });

  it('of exactly the limit is whole', async () => {
    await using server = await hello();
    const answer = await client(['127.0.0.1']).request(request(server.url, { maxBytes: 5 }));
    expect(answer).toMatchObject({ truncated: false, body: Buffer.from('hello') });
  });

  it('of a HEAD with an encoding is empty and no error', async () => {
    await using server = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end());
    const answer = await client(['127.0.0.1']).request(request(server.url, { method: 'HEAD' }));
    expect(answer).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });

  it('in an encoding that nobody knows is refused', async () => {
    await using server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end('x'),
    );
    await expect(client(['127.0.0.1']).request(request(server.url))).rejects.toThrow('encoded as `gzip, gzip`');
  });
});

describe('an end before the answer', () => {
  it('by the caller reaches the server, and the reason comes back', async () => {
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    await using slow = await serve((_, response) => {
      response.on('close', () => gone.resolve());
      arrived.resolve();
    });
    const controller = new AbortController();
    const pending = client(['127.0.0.1']).request(request(slow.url, { signal: controller.signal }));
    await arrived.promise;
    controller.abort(new Error('the caller went away'));
    await expect(pending).rejects.toThrow('the caller went away');
    await gone.promise;
  });

  it('in the middle of a body is no shorter answer', async () => {
    const controller = new AbortController();
    await using slow = await serve((_, response) => {
      response.writeHead(200).write('part');
    });
    const pending = client(['127.0.0.1']).request(request(slow.url, { signal: controller.signal }));
    while (slow.received.length === 0) await setImmediate();
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
  });

  it('by time is a timeout that names the address without its query', async () => {
    await using slow = await serve(() => {});
    const failure = await client(['127.0.0.1'])
      .request(request(`${slow.url}/x?key=topsecret`, { timeoutMs: 50 }))
      .catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({
      code: 'EGRESS_TIMEOUT',
      message: `\`GET ${slow.url}/x\` did not answer within 50 ms`,
    });
  });

  it('by a cut connection is unreachable, not a shorter answer', async () => {
    await using cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part', () => response.destroy());
    });
    await expect(client(['127.0.0.1']).request(request(cut.url))).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
  });

  it('at a port where nobody listens says so', async () => {
    const gone = await hello();
    await gone[Symbol.asyncDispose]();
    await expect(client(['127.0.0.1']).request(request(gone.url))).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
  });
});

describe('TLS', () => {
  const authority = testAuthority('api authority');
  const trusting = { ca: authority.cert };

  it('refuses a certificate that nobody vouches for, and accepts it with its `ca`', async () => {
    await using server = await serve((_, response) => response.end('hello'), { tls: authority.issue(['127.0.0.1']) });
    await expect(client(['127.0.0.1']).request(request(server.url))).rejects.toMatchObject({
      code: 'EGRESS_UNREACHABLE',
    });
    const informed = client(['127.0.0.1'], { tls: () => Promise.resolve(trusting) });
    expect((await informed.request(request(server.url))).body.toString()).toBe('hello');
    await expect(informed.connect(new URL(server.url), new AbortController().signal)).resolves.toBeUndefined();
  });

  it('checks the certificate against the name of the URL, although the socket goes to an address', async () => {
    await using server = await serve((_, response) => response.end('hello'), { tls: authority.issue(['api.test']) });
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const informed = client(['127.0.0.1'], { resolve, tls: () => Promise.resolve(trusting) });
    expect((await informed.request(request(`https://api.test:${server.port}/`))).status).toBe(200);
    await expect(informed.request(request(`https://other.test:${server.port}/`))).rejects.toThrow(
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    );
    const tls = () => Promise.resolve({ ...trusting, servername: 'api.test' });
    const renamed = client(['127.0.0.1'], { resolve, tls });
    expect((await renamed.request(request(`https://other.test:${server.port}/`))).status).toBe(200);
  });

  it('shows the client certificate', async () => {
    const clients = testAuthority('client authority');
    await using server = await serve((_, response) => response.end('hello'), {
      tls: { ...authority.issue(['127.0.0.1']), ca: clients.cert, requestCert: true, rejectUnauthorized: true },
    });
    const tls = () => Promise.resolve({ ...trusting, ...clients.issue(['agent.test']) });
    expect((await client(['127.0.0.1'], { tls }).request(request(server.url))).status).toBe(200);
    const nameless = client(['127.0.0.1'], { tls: () => Promise.resolve(trusting) });
    await expect(nameless.request(request(server.url))).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
  });
});

describe('closing', () => {
  it('lets a request under way end, and refuses the next', async () => {
    const arrived = Promise.withResolvers<() => void>();
    await using server = await serve((_, response) => arrived.resolve(() => response.end('late')));
    const closing = client(['127.0.0.1']);
    const pending = closing.request(request(server.url));
    const answer = await arrived.promise;
    const closed = closing.close();
    answer();
    expect((await pending).body.toString()).toBe('late');
    await closed;
    await closing.close();
    await expect(closing.request(request(server.url))).rejects.toThrow('the client is closed');
  });
});
