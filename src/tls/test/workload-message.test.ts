/** What counts of a message of the Workload API, and what is refused (SPIFFE_Workload_API §4, §5; X509-SVID). */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { svid as svidContents, testAuthority } from '../../../test/certificates.ts';
import { derValues } from '../workload-api/der.ts';
import { readWorkloadMessage } from '../workload-api/material.ts';
import {
  bundleOf,
  domainAuthority,
  encodeAnswer,
  identity,
  type AnswerMessage,
  type IdentityMessage,
} from '../../../test/workload-api.ts';

const [ours, other, third] = [domainAuthority('td.test'), domainAuthority('other.test'), domainAuthority('td.test')];
const ID = 'spiffe://td.test/ns/default/gateway/main';
const own = identity(ours, ID);
const NOTHING = Buffer.alloc(0);

const read = (message: AnswerMessage, now = Date.now()) => readWorkloadMessage(encodeAnswer(message), now);

describe('a message of the Workload API', () => {
  it('gives identities in their order, and bundles by trust domain, never merged (§4.6)', () => {
    const second = identity(ours, 'spiffe://td.test/ns/default/proxy/p', { hint: 'external' });
    const { svids, bundles } = read({
      svids: [own, second],
      federated_bundles: { 'spiffe://other.test': bundleOf(other) },
    });
    expect(svids.map(({ uri, hint }) => [uri, hint])).toEqual([
      [ID, ''],
      ['spiffe://td.test/ns/default/proxy/p', 'external'],
    ]);
    expect(svids[0]?.chain()).toMatchObject({ names: ['localhost', '127.0.0.1'] });
    expect([...bundles.keys()]).toEqual(['td.test', 'other.test']);
    expect(bundles.get('td.test')?.pem).toEqual([new X509Certificate(ours.cert).toString()]);
    expect(bundles.get('other.test')?.pem).toEqual([new X509Certificate(other.cert).toString()]);
  });

  it('shows no private key to whoever prints or serializes it', () => {
    const [svid] = read({ svids: [own] }).svids;
    const shown = inspect(svid, { depth: 9, showHidden: true }) + JSON.stringify(svid);
    expect(svid?.chain().key).toContain('PRIVATE KEY');
    expect(shown).not.toContain('PRIVATE KEY');
    expect(shown).toContain(ID);
  });

  it('sends each revocation list to the domain whose authority signed it', () => {
    const [listing, silent] = [testAuthority('listing'), testAuthority('silent')];
    const leaf = listing.issue([], svidContents(ID));
    const der = Buffer.from(
      listing.revocationList({ revoked: [leaf.serial] }).replaceAll(/-----.*-----|\s/g, ''),
      'base64',
    );
    const { bundles } = read({
      svids: [
        {
          spiffe_id: ID,
          x509_svid: new X509Certificate(leaf.cert).raw,
          x509_svid_key: createPrivateKey(leaf.key).export({ type: 'pkcs8', format: 'der' }),
          bundle: new X509Certificate(listing.cert).raw,
        },
      ],
      crl: [der],
      federated_bundles: { 'spiffe://other.test': new X509Certificate(silent.cert).raw },
    });
    const link = (cert: string) => {
      const one = new X509Certificate(cert);
      const key = one.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
      return { authority: `${key} ${one.subject}`, serial: one.serialNumber.toLowerCase(), subject: one.subject };
    };
    const ofOurs = bundles.get('td.test');
    const ofOther = bundles.get('other.test');
    const foreign = silent.issue([], svidContents('spiffe://other.test/x'));
    expect(ofOurs?.refuse([link(leaf.cert), link(listing.cert)], ofOurs, Date.now())?.reason).toBe('revoked');
    expect(ofOther?.refuse([link(foreign.cert), link(silent.cert)], ofOther, Date.now())).toBeUndefined();
  });

  const changed = (change: Partial<IdentityMessage>): AnswerMessage => ({ svids: [{ ...own, ...change }] });
  const strangerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const pkcs8 = (key: typeof strangerKey): Buffer => key.export({ type: 'pkcs8', format: 'der' });
  const trailing = (der: Buffer): Buffer => Buffer.concat([der, Buffer.from([0])]);
  it.each<[what: string, message: AnswerMessage, sentence: RegExp]>([
    ['no identity', { svids: [] }, /no identity in it/],
    ['an identity without a name', changed({ spiffe_id: '' }), /has not `spiffe:\/\/`/],
    ['a name that is no SPIFFE ID', changed({ spiffe_id: 'spiffe://TD.test/x' }), /a trust domain of other characters/],
    [
      'another name than its certificate has',
      changed({ spiffe_id: 'spiffe://td.test/x' }),
      /names `spiffe:\/\/td.test\/ns/,
    ],
    [
      'a name in another trust domain',
      changed({ spiffe_id: 'spiffe://other.test/x' }),
      /its trust domain is `td.test`/,
    ],
    ['no certificate', changed({ x509_svid: NOTHING }), /has no certificate/],
    ['a certificate cut off', changed({ x509_svid: own.x509_svid.subarray(0, -1) }), /or one cut off/],
    ['a byte behind the certificate', changed({ x509_svid: trailing(own.x509_svid) }), /or one cut off/],
    ['PEM', changed({ x509_svid: Buffer.from(ours.cert) }), /or one cut off/],
    ['the certificate of an authority', changed({ x509_svid: bundleOf(ours) }), /the certificate of an authority/],
    ['a chain out of order', changed({ x509_svid: Buffer.concat([own.x509_svid, bundleOf(other)]) }), /did not issue/],
    ['no key', changed({ x509_svid_key: NOTHING }), /no private key/],
    ['two keys', changed({ x509_svid_key: Buffer.concat([own.x509_svid_key, own.x509_svid_key]) }), /not one alone/],
    ['the key of another', changed({ x509_svid_key: pkcs8(strangerKey) }), /does not belong to the certificate/],
    ['a weak key', changed({ x509_svid_key: pkcs8(weakKey) }), /too weak/],
    ['a certificate for a key', changed({ x509_svid_key: own.x509_svid }), /cannot be read/],
    ['no bundle', changed({ bundle: NOTHING }), /has no bundle/],
    ['a bundle cut off', changed({ bundle: own.bundle.subarray(0, 40) }), /is empty or cut off/],
    ['a workload in the bundle', changed({ bundle: own.x509_svid }), /is no authority/],
    [
      'two bundles of one domain',
      { svids: [own, { ...identity(ours, 'spiffe://td.test/b'), bundle: bundleOf(third) }] },
      /two bundles of `td.test`/,
    ],
    [
      'a federated bundle that names our own domain',
      { svids: [own], federated_bundles: { 'spiffe://td.test': bundleOf(other) } },
      /which is our own domain/,
    ],
    [
      'a federated bundle for a workload',
      { svids: [own], federated_bundles: { 'spiffe://other.test/x': bundleOf(other) } },
      /is no trust domain/,
    ],
    [
      'a federated bundle without a scheme',
      { svids: [own], federated_bundles: { 'other.test': bundleOf(other) } },
      /has not `spiffe:\/\/`/,
    ],
    ['an empty federated bundle', { svids: [own], federated_bundles: { 'spiffe://other.test': NOTHING } }, /is empty/],
    [
      'a revocation list that is none',
      { svids: [own], crl: [Buffer.from('no list')] },
      /revocation list 1 cannot be read/,
    ],
  ])('is refused whole for %s', (_, message, sentence) => {
    expect(() => read(message)).toThrow(sentence);
  });

  it('is refused for a list that none of its authorities signed', () => {
    const stranger = testAuthority('stranger');
    const der = Buffer.from(stranger.revocationList().replaceAll(/-----.*-----|\s/g, ''), 'base64');
    expect(() => read({ svids: [own], crl: [der] })).toThrow(/is not signed by any/);
  });

  it('is refused for what has expired, or is not valid yet', () => {
    expect(() => read({ svids: [own] }, Date.now() + 2 * 86_400_000)).toThrow(/has expired/);
    expect(() => read({ svids: [own] }, Date.now() - 86_400_000)).toThrow(/is not valid before/);
  });

  it('is never half of one: bytes that are cut off or changed give a whole message or an error of ours', () => {
    const whole = encodeAnswer({ svids: [own], federated_bundles: { 'spiffe://other.test': bundleOf(other) } });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const bytes = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] = (bytes[at] as number) ^ flip;
        try {
          expect(readWorkloadMessage(bytes, Date.now()).svids).toHaveLength(1);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/WORKLOAD|CERTIFICATE|TRUST/) });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('values of DER', () => {
  it.each<[what: string, hex: string, lengths: readonly number[] | undefined]>([
    ['nothing', '', []],
    ['two of them', '3000300101', [2, 3]],
    ['one cut off', '300201', undefined],
    ['a length without an end', '30800000', undefined],
    ['a length longer than it need be', '308101ff', undefined],
    ['a length with a leading zero', `30820080${'00'.repeat(128)}`, undefined],
    ['a long length', `308180${'00'.repeat(128)}`, [131]],
    ['something else than a sequence', '0400', undefined],
  ])('%s', (_, hex, lengths) => {
    expect(derValues(Buffer.from(hex, 'hex'))?.map(({ length }) => length)).toEqual(lengths);
  });
});
