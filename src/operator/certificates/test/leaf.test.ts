/** When a certificate is made anew, and that what is made is believed by OpenSSL for what it is for and nothing else. */
import { X509Certificate } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { reveal, Secret } from '#kernel';
import { authServerWishes, decideLeaf, type KeptSecret, type LeafWish, type SigningAuthority } from '../index.ts';
import { CUSTOM_RESOURCES } from '#contract/kubernetes';
import { SPECS } from '../../references/test/objects.ts';
import { ca, DAY, HOUR, leafWish, ownRequest } from './world.ts';

const now = Math.floor(Date.now() / 1000) * 1000;
function authority(more: object = {}, at = now): SigningAuthority {
  const { cert, key } = ca.newAuthority({ ...ownRequest, ...more }, at);
  return { cert, key, root: cert };
}
const signer = authority();
const wish = leafWish('github-cert');

function kept(data: Readonly<Record<string, Secret>>, of: LeafWish = wish): KeptSecret {
  return {
    ...{ name: of.name, namespace: of.namespace, uid: 'u', resourceVersion: '7' },
    controllerUid: of.ownerUid,
    data,
  };
}
const issued = (of: LeafWish = wish, by = signer, at = now): KeptSecret =>
  kept(decideLeaf(ca, of, undefined, by, at).write?.data ?? {}, of);
const changed = (key: string, value: string): KeptSecret => kept({ ...issued().data, [key]: new Secret(value) });

describe('a certificate', () => {
  it.each([
    ['is as it should be', undefined, issued(), wish, now],
    ['is not there', 'missing', undefined, wish, now],
    ['cannot be read', 'unreadable', changed('tls.crt', 'damaged'), wish, now],
    ['has a key that cannot be read', 'unreadable', changed('tls.key', 'damaged'), wish, now],
    [
      'has the key of another',
      'key-of-another',
      changed('tls.key', reveal(issued().data['tls.key'] as Secret)),
      wish,
      now,
    ],
    [
      'is of another name',
      'wrong-names',
      issued(),
      { ...wish, spiffeId: 'spiffe://td.test/ns/tools/mcpserver/slack' },
      now,
    ],
    ['has a name too many', 'wrong-names', issued({ ...wish, dnsNames: ['login-internal.tools.svc'] }), wish, now],
    ['is for servers too', 'wrong-purposes', issued({ ...wish, purposes: ['server', 'client'] }), wish, now],
    ['is of another authority', 'wrong-authority', issued(wish, authority()), wish, now],
    ['lives longer than is wanted', 'too-long', issued(), { ...wish, durationMs: DAY, renewBeforeMs: HOUR }, now],
    ['ends soon', 'ending', issued(), wish, now + 2 * DAY - 12 * HOUR],
    ['ends, but not soon', undefined, issued(), wish, now + 2 * DAY - 13 * HOUR],
    ['has ended', 'ending', issued(), wish, now + 3 * DAY],
  ] as const)('that %s is made anew because it is `%s`', (_, reason, is, wanted, at) => {
    const decision = decideLeaf(ca, wanted, is, signer, at);
    expect(decision.reason).toBe(reason);
    expect(decision.write === undefined).toBe(reason === undefined);
    if (decision.write !== undefined)
      expect(decision.write.precondition).toEqual(
        is === undefined ? { kind: 'absent' } : { kind: 'unchanged', uid: 'u', resourceVersion: '7' },
      );
  });

  it('is made once, and not again and again, where its authority ends before it would', () => {
    const short = authority({ lifetimeMs: DAY });
    const one = issued(wish, short);
    for (let hour = 0; hour < 24; hour++)
      expect(decideLeaf(ca, wish, one, short, now + hour * HOUR).write).toBeUndefined();
  });

  it('is not made while nobody signs, and one that belongs to somebody else is left alone', () => {
    expect(decideLeaf(ca, wish, undefined, undefined, now)).toEqual({ reason: 'missing', certificate: undefined });
    expect(decideLeaf(ca, wish, { ...issued(), controllerUid: 'other' }, signer, now)).toEqual({ isForeign: true });
  });
});

/** A handshake of two certificates; what the server and the client made of each other. */
async function shakeHands(server: KeptSecret, client: KeptSecret, trusted: string, servername: string) {
  const shown = ({ data }: KeptSecret) => ({
    cert: reveal(data['tls.crt'] as Secret),
    key: reveal(data['tls.key'] as Secret),
  });
  const listener = createServer({
    ...shown(server),
    ca: trusted,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<TLSSocket>((resolve) => listener.once('secureConnection', resolve));
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    ...{ host: '127.0.0.1', port, servername, ca: trusted, rejectUnauthorized: false },
    ...shown(client),
  });
  try {
    const [there] = await Promise.all([accepted, new Promise((resolve) => socket.once('secureConnect', resolve))]);
    const text = (error: Error | null | undefined) => (error ? String(error) : undefined);
    return {
      client: text(there.authorizationError),
      server: text(socket.authorizationError),
    };
  } finally {
    socket.destroy();
    listener.close();
  }
}

describe('OpenSSL', () => {
  const server = leafWish('server-cert');

  it('believes the server for its name, and the client, both by one authority', async () => {
    expect(await shakeHands(issued(server), issued(), signer.root, 'login-internal.tools.svc')).toEqual({});
    expect((await shakeHands(issued(server), issued(), signer.root, 'login.tools.svc')).server).toContain('ALTNAME');
  });

  it('takes a client for no server, and a server for no client', async () => {
    const told = await shakeHands(issued(), issued(server), signer.root, 'login-internal.tools.svc');
    expect(told).toEqual({ client: expect.stringContaining('PURPOSE'), server: expect.stringContaining('PURPOSE') });
  });

  it('holds the authority to its names: other trust domains, hosts and addresses are not believed (RFC 5280 §4.2.1.10)', async () => {
    const other = { ...signer, cert: signer.cert };
    const sign = (contents: object): KeptSecret => {
      const made = ca.issueCertificate(
        other,
        { dnsNames: [], addresses: [], lifetimeMs: DAY, purposes: ['server', 'client'], ...contents },
        now,
      );
      return kept({ 'tls.crt': new Secret(made.cert), 'tls.key': made.key });
    };
    for (const contents of [{ dnsNames: ['login.elsewhere.svc'] }, { addresses: ['127.0.0.1'] }]) {
      const told = await shakeHands(issued(server), sign(contents), signer.root, 'login-internal.tools.svc');
      expect(told.client).toMatch(/PERMITTED|EXCLUDED|UNSPECIFIED|INVALID|subtree/i);
    }
    const foreign = authority({ trustDomain: 'other.test' });
    expect(() =>
      ca.issueCertificate(foreign, { spiffeId: wish.spiffeId, dnsNames: [], addresses: [], lifetimeMs: DAY }, now),
    ).toThrow('another trust domain');
    const facts = ca.readCertificate(new X509Certificate(signer.cert).raw);
    expect(facts).toMatchObject({
      value: { permitted: { dnsNames: ['login-internal.tools.svc'], uriHosts: ['td.test'] } },
    });
  });
});

describe('what an MCPAuthServer wants', () => {
  const spec = (more: Readonly<Record<string, unknown>> = {}) =>
    CUSTOM_RESOURCES.MCPAuthServer.spec.parse(SPECS.MCPAuthServer(more));
  const identity = { name: 'login', namespace: 'auth', uid: 'u' };

  it('is an authority of its own and both certificates, whose names its authority may vouch for', () => {
    const { authority: of, leaves, certManager, bundle } = authServerWishes(identity, spec());
    expect(of.source).toMatchObject({ kind: 'own', request: { trustDomain: 'td.test' } });
    const request = of.source.kind === 'own' ? of.source.request : undefined;
    for (const leaf of leaves) for (const name of leaf.dnsNames) expect(request?.permittedDnsNames).toContain(name);
    expect(leaves.map(({ name }) => name)).toEqual(['login-server-cert', 'login-public-cert']);
    expect([certManager, bundle]).toEqual([[], 'login-trust']);
  });

  it('is no certificate of the public port where somebody gives one', () => {
    const tls = { clientAuth: { trustDomain: 'td.test' }, publicCertRef: { name: 'browsers' } };
    const wishes = authServerWishes(identity, spec({ tls }));
    expect(wishes.publicSecret).toBe('browsers');
    expect(wishes.leaves.map(({ name }) => name)).toEqual(['login-server-cert']);
  });
});
