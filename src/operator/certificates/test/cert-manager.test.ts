/** Certificates of cert-manager: what is asked for, what its status says, and which authority is taken. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { reveal, Secret } from '#kernel';
import { CUSTOM_RESOURCES } from '#contract/kubernetes';
import { SPECS } from '../../references/test/objects.ts';
import {
  authServerWishes,
  certificateReadiness,
  decideAuthority,
  offeredAuthority,
  ownerCertificateWish,
  type KeptSecret,
} from '../index.ts';
import { ca, DAY } from './world.ts';

const now = Date.now();
const spec = CUSTOM_RESOURCES.MCPAuthServer.spec.parse(
  SPECS.MCPAuthServer({
    tls: {
      serverCert: { issuerRef: { name: 'company', kind: 'ClusterIssuer' } },
      clientAuth: { trustDomain: 'td.test' },
    },
  }),
);
const identity = { name: 'login', namespace: 'auth', uid: 'uid-of-login' };
const wishes = authServerWishes(identity, spec);

describe('the Certificates of an MCPAuthServer with an issuer', () => {
  it('are its server, its public port, and an intermediate authority in its own namespace; none of them is a client', () => {
    expect(wishes.certManager.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      ...['auth/login-server-cert', 'auth/login-intermediate', 'auth/login-public-cert'],
    ]);
    const specs = wishes.certManager.map((object) => object['spec'] as Record<string, unknown>);
    expect(specs.map((one) => one['isCA'] ?? false)).toEqual([false, true, false]);
    expect(specs.flatMap((one) => one['usages'])).not.toContain('client auth');
    expect(specs[1]).toMatchObject({
      ...{ secretName: 'login-intermediate', uris: ['spiffe://td.test'], duration: '8760h', renewBefore: '720h' },
      issuerRef: { name: 'company', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    });
    expect(wishes.leaves).toEqual([]);
  });

  it.each([
    ['there is none', undefined, false, 'CertificateMissing'],
    ['nothing was said', {}, false, 'CertificateNotReady'],
    [
      'it is ready',
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }], notAfter: '2027-01-01T00:00:00Z' },
      true,
      'CertificateReady',
    ],
    [
      'it was ready before it was changed',
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] },
      false,
      'CertificateNotReady',
    ],
    [
      'the issuer refuses',
      { conditions: [{ type: 'Ready', status: 'False', message: 'the issuer says no' }] },
      false,
      'CertificateNotReady',
    ],
    ['the status is of no form', { conditions: 'x' }, false, 'CertificateNotReady'],
  ] as const)('are read where %s', (_, status, isReady, reason) => {
    const [object] = wishes.certManager;
    const readiness = certificateReadiness(
      status && { ...(object as NonNullable<typeof object>), metadata: { name: 'c', generation: 2 }, status },
    );
    expect(readiness).toMatchObject({ isReady, reason });
    if (reason === 'CertificateNotReady' && 'conditions' in (status ?? {}) && _ === 'the issuer refuses')
      expect(readiness.message).toContain('the issuer says no');
  });
});

const made = (trustDomain: string | undefined) => {
  const { cert, key } = ca.newAuthority({ name: 'company', trustDomain, curve: 'P-256', lifetimeMs: 365 * DAY }, now);
  return { 'tls.crt': new Secret(cert), 'tls.key': key, 'ca.crt': new Secret(cert) };
};
const secret = (data: Readonly<Record<string, Secret>>): KeptSecret => ({
  ...{ name: 'login-intermediate', namespace: 'auth', uid: 'u', resourceVersion: '1', controllerUid: undefined, data },
});
const root = made('td.test');
const other = made('td.test');
const leaf = ca.issueCertificate(
  { cert: reveal(root['tls.crt']), key: root['tls.key'] },
  { spiffeId: 'spiffe://td.test/x', dnsNames: [], addresses: [], lifetimeMs: DAY },
  now,
);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

describe('an authority that an issuer offers', () => {
  it.each([
    ['that has no certificate yet', {}, 'no `tls.crt`'],
    ['without its root', { 'tls.crt': root['tls.crt'], 'tls.key': root['tls.key'] }, 'no `ca.crt`'],
    ['that is no certificate', { ...root, 'tls.crt': new Secret('x') }, 'is no certificate'],
    ['that is no authority', { ...root, 'tls.crt': new Secret(leaf.cert), 'tls.key': leaf.key }, 'holds no authority'],
    ['of another trust domain', made('other.test'), 'is of `spiffe://other.test`'],
    ['with the key of another', { ...root, 'tls.key': other['tls.key'] }, 'not that of its certificate'],
    ['with a key that is no key', { ...root, 'tls.key': new Secret('x') }, 'cannot be read'],
    ['with a key of RSA', { ...root, 'tls.key': new Secret(rsa) }, 'the key in'],
    ['under another root', { ...root, 'ca.crt': other['ca.crt'] }, 'does not lead to the root'],
  ])('%s is not taken', (_, data, says) => {
    expect(offeredAuthority(ca, secret(data), 'td.test')).toMatchObject({
      ok: false,
      error: expect.stringContaining(says),
    });
  });

  it.each(['td.test', undefined])(
    'of the trust domain %s is taken, goes through the same steps, and signs as who the owner is',
    (trustDomain) => {
      const offered = offeredAuthority(ca, secret(made(trustDomain)), 'td.test');
      if (!offered.ok) throw new Error(offered.error);
      const { authority } = authServerWishes(identity, spec, { offered: offered.value });
      const decision = decideAuthority(ca, authority, { kept: undefined, bundles: [], leaves: [] }, now);
      expect(decision.step?.name).toBe('create');
      const wish = ownerCertificateWish({ kind: 'MCPGateway', name: 'all', namespace: 'tools', uid: 'u' }, 'td.test', {
        duration: '2160h',
        renewBefore: '360h',
      });
      expect(wish.spiffeId).toBe('spiffe://td.test/ns/tools/gateway/all');
      const issued = ca.issueCertificate(offered.value, { ...wish, addresses: [], lifetimeMs: wish.durationMs }, now);
      expect(issued.notAfter).toBeGreaterThan(now + 89 * DAY);
    },
  );

  it('that is not there makes no authority of our own in its place', () => {
    expect(decideAuthority(ca, wishes.authority, { kept: undefined, bundles: [], leaves: [] }, now)).toMatchObject({
      ...{ signer: undefined, trusted: [] },
    });
    expect(
      decideAuthority(ca, wishes.authority, { kept: undefined, bundles: [], leaves: [] }, now).step,
    ).toBeUndefined();
  });
});
