/** What is wrong with a certificate, its chain or its key, in sentences that name the file. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testAuthority, testKeys, type LeafContents } from '../../../test/certificates.ts';
import { readCertificateChain } from '../server/certificate-chain.ts';

const root = testAuthority('Root');
const below = root.intermediate('Below');
const good = below.issue(['tools.test', '127.0.0.1', '*.tools.test']);
const HOUR = 3_600_000;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'chatelaine-chain-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const read = (certificate: string, key: string) =>
  readCertificateChain(
    { certificate: file('tls.crt', certificate), key: file('tls.key', key), field: 'tls' },
    Date.now(),
  );

const pemOf = (type: 'rsa' | 'ec' | 'dsa', options: object) =>
  generateKeyPairSync(type as 'rsa', {
    ...(options as { modulusLength: number }),
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

describe('a certificate with its chain and its key', () => {
  it.each([
    ['the chain without its root', good.cert + below.cert],
    ['the chain with its root', good.cert + below.cert + root.cert],
    ['words around it, as `openssl` writes them', `subject=CN = tools.test\n${good.cert}\n\n${below.cert}`],
    ['Windows line ends', good.cert.replaceAll('\n', '\r\n') + below.cert],
  ])('is read: %s', (_, certificate) => {
    const chain = read(certificate, good.key);
    expect(chain.names).toEqual(['tools.test', '127.0.0.1', '*.tools.test']);
    expect(chain.notAfter).toBeGreaterThan(Date.now());
    expect(chain.warnings).toEqual([]);
  });

  it('is read from PEM text as well', () => {
    const { cert } = readCertificateChain({ certificate: good.cert, key: good.key, field: 'tls' }, Date.now());
    expect(cert).toContain('BEGIN CERTIFICATE');
  });

  it('deserves a warning when every user of the machine may read the key', () => {
    const place = { certificate: file('tls.crt', good.cert), key: file('open.key', good.key, 0o644), field: 'tls' };
    expect(readCertificateChain(place, Date.now()).warnings).toEqual([
      `every user of this machine may read the key \`${place.key}\``,
    ]);
  });

  const leaf = (contents: LeafContents, names = ['tools.test']) => root.issue(names, contents);
  const expired = leaf({ notAfter: new Date(Date.now() - HOUR) });
  const future = leaf({ notBefore: new Date(Date.now() + HOUR) });
  const unnamed = leaf({ commonName: 'tools.test' }, []);
  const client = leaf({ purposes: ['clientAuth'] });
  const other = root.issue(['other.test']);
  const weak = pemOf('rsa', { modulusLength: 1024 });
  const encrypted = testKeys().privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });

  const rows: [what: string, certificate: string, key: string, sentence: RegExp][] = [
    [
      'another key',
      good.cert,
      other.key,
      /^the key `.*tls\.key` \(EC prime256v1\) does not belong to the certificate `.*tls\.crt` \(EC prime256v1\)$/,
    ],
    [
      'the issuer first',
      below.cert + good.cert,
      good.key,
      /tls\.crt` begins with another certificate than the one that the key `.*` belongs to, which is number 2: put that one first/,
    ],
    [
      'a chain out of order',
      good.cert + root.cert + below.cert,
      good.key,
      /certificate 2 of `.*tls\.crt` \(`CN=Root`\) did not issue certificate 1 \(`CN=tools\.test`\): put the server's own first/,
    ],
    ['a stranger in the chain', good.cert + testAuthority('Below').cert, good.key, /did not issue certificate 1/],
    [
      'an expired certificate',
      expired.cert,
      expired.key,
      /certificate 1 of `.*` \(`CN=tools\.test`\) has expired on 20/,
    ],
    ['one that is not valid yet', future.cert, future.key, /is not valid before 20/],
    ['no subject alternative name', unnamed.cert, unnamed.key, /has no subject alternative name.*RFC 9525/],
    ['clientAuth only', client.cert, client.key, /is not for servers: its extended key usage lacks serverAuth/],
    ['a weak key', good.cert, weak, /the key `.*tls\.key` is too weak: RSA of 1024 bits, where 2048 are the least/],
    ['a curve of another field', good.cert, pemOf('ec', { namedCurve: 'secp256k1' }), /on the curve `secp256k1`/],
    ['an encrypted key', good.cert, encrypted as string, /is encrypted; there is nobody to ask for its passphrase/],
    ['a certificate for a key', good.cert, good.cert, /holds a certificate where the private key belongs/],
    ['two keys', good.cert, good.key + other.key, /holds more than one private key/],
    ['no key', good.cert, 'nothing', /tls\.key` holds no private key in PEM/],
    ['a damaged key', good.cert, good.key.replace('MIG', 'MIH'), /the private key `.*tls\.key` cannot be read/],
    [
      'a key among the certificates',
      good.cert + good.key,
      good.key,
      /holds a `PRIVATE KEY`; certificates alone belong/,
    ],
    ['no certificate', 'nothing', good.key, /tls\.crt` holds no certificate in PEM/],
    ['a certificate that is cut off', good.cert.slice(0, 300), good.key, /tls\.crt` holds PEM that is cut off/],
    [
      'a damaged certificate',
      good.cert.replace('MII', 'MIA'),
      good.key,
      /certificate 1 of `.*tls\.crt` cannot be read/,
    ],
  ];
  it.each(rows)('is refused with %s', (_, certificate, key, sentence) => {
    expect(() => read(certificate, key)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_UNUSABLE', message: expect.stringMatching(sentence) as string }),
    );
  });

  it('is refused with no file, naming field and path', () => {
    const place = { certificate: join(folder, 'none.crt'), key: good.key, field: 'tls' };
    expect(() => readCertificateChain(place, Date.now())).toThrow(
      `\`tls.certificate\`: there is no file \`${place.certificate}\``,
    );
  });

  it('is refused with a key that is neither path nor PEM, which is not repeated', () => {
    const place = { certificate: good.cert, key: 'c2VjcmV0IGtleQ==', field: 'tls' };
    expect(() => readCertificateChain(place, Date.now())).toThrow('`tls.key` is neither an absolute path nor PEM text');
  });
});
