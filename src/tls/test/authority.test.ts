/** What the authority issues, checked by Node's OpenSSL and by our own reader of client certificates. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reveal } from '#kernel';
import {
  AuthorityFolder,
  issueCertificate,
  newAuthority,
  type AuthorityRequest,
  type LeafRequest,
} from '../ca/index.ts';
import { readCertificateChain } from '../server/certificate-chain.ts';
import { readPeer } from '../spiffe/peer-identity.ts';
import { linkOf, readTrustBundle } from '../trust/trust-bundle.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 10, 25, 12);
const request: AuthorityRequest = { name: 'Test CA', trustDomain: 'td.test', curve: 'P-256', lifetimeMs: 365 * DAY };
const leaf = (contents: Partial<LeafRequest>): LeafRequest => ({
  dnsNames: [],
  addresses: [],
  lifetimeMs: DAY,
  ...contents,
});
const agent = leaf({ spiffeId: 'spiffe://td.test/agent/bot' });

describe('an authority', () => {
  it.each(['P-256', 'P-384'] as const)('of %s issues what chains to it and names the agent', (curve) => {
    const authority = newAuthority({ ...request, curve }, now);
    const issued = issueCertificate(authority, agent, now);
    const [certificate, issuer] = [new X509Certificate(issued.cert), new X509Certificate(authority.cert)];
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(readPeer(certificate.raw, 'td.test')).toMatchObject({
      ok: true,
      value: { uri: 'spiffe://td.test/agent/bot', serial: issued.serial, notAfter: issued.notAfter },
    });
    const bundle = readTrustBundle({ clientCa: authority.cert, field: 'test' }, now);
    expect(bundle.refuse([linkOf(certificate), linkOf(issuer)], bundle, now)).toBeUndefined();
  });

  it('issues server certificates that the listener takes, and no client certificate by accident', () => {
    const authority = newAuthority({ ...request, trustDomain: undefined }, now);
    const issued = issueCertificate(
      authority,
      leaf({ dnsNames: ['tools.test'], addresses: ['127.0.0.1', '::1'] }),
      now,
    );
    const key = reveal(issued.key);
    const chain = readCertificateChain({ certificate: issued.cert + authority.cert, key, field: 'tls' }, now);
    expect(chain.names).toEqual(['tools.test', '127.0.0.1', '0:0:0:0:0:0:0:1']);
    expect(readPeer(new X509Certificate(issued.cert).raw, 'td.test')).toMatchObject({
      error: { reason: 'not-for-clients' },
    });
  });

  it('issues nothing that outlives it, each with a serial of its own', () => {
    const authority = newAuthority({ ...request, lifetimeMs: DAY / 2 }, now);
    const issued = [1, 2].map(() => issueCertificate(authority, agent, now));
    for (const one of issued) expect(one.notAfter).toBe(new X509Certificate(authority.cert).validToDate.getTime());
    expect(issued[0]?.serial).not.toBe(issued[1]?.serial);
    expect(() => issueCertificate(authority, agent, now + DAY)).toThrow('the authority has expired');
  });

  it.each<[what: string, contents: Partial<LeafRequest>, sentence: RegExp]>([
    ['nobody', {}, /names somebody/],
    [
      'another trust domain',
      { spiffeId: 'spiffe://td2.test/x' },
      /another trust domain than the authority, which has `td\.test`/,
    ],
    ['a trust domain as a whole', { spiffeId: 'spiffe://td.test' }, /a workload has a path/],
    ['no SPIFFE ID', { spiffeId: 'spiffe://td.test/x/../y' }, /it has a dot segment/],
    ['no DNS name', { dnsNames: ['a b'] }, /`a b` is no DNS name/],
    ['a wildcard inside', { dnsNames: ['a.*.test'] }, /is no DNS name/],
    ['an upper-case DNS name', { dnsNames: ['Tools.test'] }, /in lower case/],
    ['no address', { addresses: ['1.2.3'] }, /is no IP address/],
    ['91 days', { dnsNames: ['tools.test'], lifetimeMs: 91 * DAY }, /lives between a minute and/],
  ])('does not issue for %s', (_, contents, sentence) => {
    const authority = newAuthority(request, now);
    expect(() => issueCertificate(authority, leaf(contents), now)).toThrow(
      expect.objectContaining({
        code: 'CERTIFICATE_REQUEST_INVALID',
        message: expect.stringMatching(sentence) as string,
      }),
    );
  });

  it('without a trust domain vouches for no SPIFFE ID', () => {
    const authority = newAuthority({ ...request, trustDomain: undefined }, now);
    expect(() => issueCertificate(authority, agent, now)).toThrow('has no trust domain');
  });

  it('lives past 2049, where dates are written in another form (RFC 5280 §4.1.2.5)', () => {
    const late = Date.UTC(2049, 11, 31);
    const authority = newAuthority({ ...request, lifetimeMs: 10 * DAY }, late);
    expect(new X509Certificate(authority.cert).validToDate.getTime()).toBe(late + 10 * DAY);
    expect(readPeer(new X509Certificate(issueCertificate(authority, agent, late).cert).raw, 'td.test').ok).toBe(true);
  });
});

describe('an authority in a folder', () => {
  let path: string;
  let folder: AuthorityFolder;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'chatelaine-ca-')), 'ca');
    folder = new AuthorityFolder(path);
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true }));
  const states = () => folder.list().map(({ state }) => state);
  const issuerOf = (cert: string): string => new X509Certificate(cert).issuer.replaceAll('\n', ', ');

  it('keeps its keys for its owner alone', () => {
    folder.init(request, now);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path).filter((one) => one.endsWith('.key')))
      expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  });

  it('is not made twice, and not found where there is none', () => {
    expect(() => folder.bundle()).toThrow(expect.objectContaining({ code: 'AUTHORITY_MISSING' }));
    folder.init(request, now);
    expect(() => folder.init(request, now)).toThrow(expect.objectContaining({ code: 'AUTHORITY_EXISTS' }));
  });

  it('does not use a key that others may read', () => {
    folder.init(request, now);
    chmodSync(join(path, 'ca-1.key'), 0o640);
    expect(() => folder.issue(agent, now)).toThrow(expect.objectContaining({ code: 'AUTHORITY_UNUSABLE' }));
  });

  it('rotates: next beside the active one, then before it, then alone', () => {
    folder.init(request, now);
    const old = folder.issue(agent, now);
    const verifies = (cert: string, bundle: string): boolean => {
      const certificate = new X509Certificate(cert);
      return bundle
        .split(/(?<=-----END CERTIFICATE-----\n)/)
        .filter((one) => one.trim() !== '')
        .some(
          (one) =>
            certificate.checkIssued(new X509Certificate(one)) && certificate.verify(new X509Certificate(one).publicKey),
        );
    };

    folder.rotate('prepare', now);
    expect(states()).toEqual(['active', 'next']);
    const [active, next] = folder.list();
    expect(issuerOf(folder.issue(agent, now).cert)).toBe(active?.subject);

    const both = folder.bundle();
    folder.rotate('activate', now + 1000);
    expect(states()).toEqual(['active', 'previous']);
    const fresh = folder.issue(agent, now + 1000);
    expect(issuerOf(fresh.cert)).toBe(next?.subject);
    expect(verifies(fresh.cert, both) && verifies(old.cert, folder.bundle())).toBe(true);

    expect(() => folder.rotate('retire', now + 2000)).toThrow(
      /2 certificates of the previous authority can be in use until/,
    );
    folder.rotate('retire', now + DAY + 1000);
    expect(states()).toEqual(['active']);
    expect(verifies(old.cert, folder.bundle())).toBe(false);
    expect(readdirSync(path).filter((name) => name.endsWith('.key'))).toEqual(['ca-2.key']);
  });

  it('retires by force while old certificates are valid', () => {
    folder.init(request, now);
    folder.issue(agent, now);
    folder.rotate('prepare', now);
    folder.rotate('activate', now);
    expect(folder.rotate('retire', now, true)).toHaveLength(1);
  });

  it.each([
    ['activate', []],
    ['retire', []],
    ['prepare', ['prepare']],
    ['retire', ['prepare']],
    ['activate', ['prepare', 'activate']],
  ] as const)('refuses to %s after %j', (step, before) => {
    folder.init(request, now);
    for (const one of before) folder.rotate(one, now);
    expect(() => folder.rotate(step, now)).toThrow(expect.objectContaining({ code: 'ROTATION_OUT_OF_ORDER' }));
  });
});
