/** Who a certificate names, and everything that keeps one from naming anybody (X509-SVID.md). */
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { svid, testAuthority, type LeafContents } from '../../../test/certificates.ts';
import { readPeer, refuseValidity, type PeerRefusal } from '../spiffe/peer-identity.ts';

const authority = testAuthority('Test CA');
const A = 'spiffe://td.test/ns/a/agent/bot';
const read = (contents: LeafContents, names: readonly string[] = []) =>
  readPeer(new X509Certificate(authority.issue(names, contents).cert).raw, 'td.test');

describe('the identity in a certificate', () => {
  it('is its one SPIFFE ID, with serial and validity', () => {
    const issued = authority.issue([], svid(A));
    const certificate = new X509Certificate(issued.cert);
    expect(readPeer(certificate.raw, 'td.test')).toEqual({
      ok: true,
      value: {
        spiffeId: { trustDomain: 'td.test', path: ['ns', 'a', 'agent', 'bot'] },
        uri: A,
        serial: issued.serial,
        notBefore: certificate.validFromDate.getTime(),
        notAfter: certificate.validToDate.getTime(),
      },
    });
  });

  it.each<[what: string, contents: LeafContents, names?: readonly string[]]>([
    ['a DNS name beside it', svid(A), ['bot.test']],
    ['no extended key usage at all', { uris: [A], usage: ['digitalSignature'] }],
    ['a common name that says something else', { ...svid(A), commonName: 'spiffe://td.test/ns/b' }],
  ])('counts with %s', (_, contents, names) => {
    expect(read(contents, names)).toMatchObject({ ok: true, value: { uri: A } });
  });

  it.each<[what: string, contents: LeafContents, reason: PeerRefusal['reason'], names?: readonly string[]]>([
    ['a common name only (CVE-2025-6037)', { ...svid(A), uris: [], commonName: A }, 'no-uri'],
    ['DNS names only', { ...svid(A), uris: [] }, 'no-uri', ['bot.test', 'spiffe.td.test']],
    ['two URIs (INT-006)', { ...svid(A), uris: [A, 'spiffe://td.test/ns/b'] }, 'several-uris'],
    ['two URIs, the other way round (INT-006)', { ...svid(A), uris: ['https://x.test', A] }, 'several-uris'],
    ['the same URI twice (INT-006)', { ...svid(A), uris: [A, A] }, 'several-uris'],
    ['a second list of names (RFC 5280 §4.2)', { ...svid(A), secondUris: ['spiffe://td.test/ns/b'] }, 'unreadable'],
    ['text that looks like a second URI (INT-007)', svid(`${A}, URI:spiffe://td.test/ns/b`), 'no-spiffe-id'],
    ['a quote (INT-007)', svid(`${A}"`), 'no-spiffe-id'],
    ['a NUL (INT-007)', svid(`${A}\0.evil.test`), 'no-spiffe-id'],
    ['a newline (INT-007)', svid(`${A}\n`), 'no-spiffe-id'],
    ['a byte beyond ASCII (INT-007)', svid(`${A}\u00e9`), 'no-spiffe-id'],
    ['`URI:` in a DNS name (INT-007)', { ...svid(A), uris: [] }, 'no-uri', [`x.test, URI:${A}`]],
    ['another scheme', svid('https://td.test/ns/a/agent/bot'), 'no-spiffe-id'],
    ['an upper-case trust domain', svid('spiffe://TD.test/ns/a'), 'no-spiffe-id'],
    ['a port', svid('spiffe://td.test:443/ns/a'), 'no-spiffe-id'],
    ['userinfo', svid('spiffe://td.test@evil.test/ns/a'), 'no-spiffe-id'],
    ['a query', svid(`${A}?x`), 'no-spiffe-id'],
    ['a dot segment', svid('spiffe://td.test/ns/b/../a'), 'no-spiffe-id'],
    ['percent-encoding', svid('spiffe://td.test/ns%2fa'), 'no-spiffe-id'],
    ['a trailing slash', svid(`${A}/`), 'no-spiffe-id'],
    ['a wildcard', svid('spiffe://td.test/ns/*'), 'no-spiffe-id'],
    ['the name of the trust domain itself', svid('spiffe://td.test'), 'no-workload'],
    ['another trust domain (INT-010)', svid('spiffe://td2.test/ns/a/agent/bot'), 'other-trust-domain'],
    ['cA=true (INT-008)', { ...svid(A), isAuthority: true }, 'authority'],
    ['keyCertSign (INT-008)', { ...svid(A), usage: ['digitalSignature', 'keyCertSign'] }, 'signing-usage'],
    ['cRLSign (INT-008)', { ...svid(A), usage: ['digitalSignature', 'cRLSign'] }, 'signing-usage'],
    ['no digitalSignature (INT-008)', { ...svid(A), usage: [] }, 'no-signature-usage'],
    ['no key usage at all', { uris: [A], purposes: ['clientAuth'] }, 'no-signature-usage'],
    ['serverAuth only (INT-008)', { ...svid(A), purposes: ['serverAuth'] }, 'not-for-clients'],
  ])('is refused with %s', (_, contents, reason, names) => {
    expect(read(contents, names)).toMatchObject({ ok: false, error: { reason } });
  });

  it('is that of no byte string that is not a certificate, and no byte string throws', () => {
    const { raw } = new X509Certificate(authority.issue([], svid(A)).cert);
    const damaged = fc
      .tuple(fc.nat(raw.length - 1), fc.nat(255), fc.nat(raw.length))
      .map(([at, byte, length]) => Buffer.from(raw.with(at, byte).subarray(0, length)));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), (bytes) => {
        const found = readPeer(Buffer.from(bytes), 'td.test');
        if (found.ok) expect(found.value.uri).toMatch(/^spiffe:\/\/td\.test\//);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the validity of a certificate', () => {
  const period = { notBefore: 10_000, notAfter: 20_000 };
  it.each([
    [9_999, 'not-yet-valid'],
    [10_000, undefined],
    [20_000, undefined],
    [20_999, undefined],
    [21_000, 'expired'],
  ])('at %i: %s (both ends belong to it, RFC 5280 §4.1.2.5)', (now, reason) => {
    expect(refuseValidity(period, now)?.reason).toBe(reason);
  });
});
