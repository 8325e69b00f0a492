/**
 * Certificates for tests, made on the spot: a certificate authority and what it signs. A few hundred
 * bytes of DER (RFC 5280) need no tool beside Node's own crypto, so tests need nothing installed.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
}

export interface TestAuthority extends TestCertificate {
  /**
   * A certificate signed by this authority. `names` are host names and addresses it is valid for;
   * the first is the common name too, unless `contents` say another.
   */
  issue(names: readonly string[], contents?: LeafContents): TestCertificate;
  /** An authority below this one. */
  intermediate(name: string): TestAuthority;
  /** The revocation list of this authority, PEM, for an hour from now unless it says otherwise. */
  revocationList(contents?: ListContents): string;
}

/** What a certificate holds beside its host names, right or wrong: nothing of it is checked. */
export interface LeafContents {
  readonly commonName?: string;
  /** Alternative names of the type URI, byte for byte. */
  readonly uris?: readonly string[];
  readonly isAuthority?: boolean;
  readonly usage?: readonly (keyof typeof USAGES)[];
  readonly purposes?: readonly (keyof typeof PURPOSES)[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A second extension of alternative names, with these URIs. */
  readonly secondUris?: readonly string[];
  readonly keys?: KeyPair;
}

export interface ListContents {
  readonly revoked?: readonly string[];
  readonly thisUpdate?: Date;
  /** `null` leaves it out. */
  readonly nextUpdate?: Date | null;
  /** OIDs of critical extensions of the list, in hexadecimal. */
  readonly critical?: readonly string[];
}

/** What a workload's certificate of X509-SVID holds. */
export const svid = (uri: string): LeafContents => ({
  uris: [uri],
  usage: ['digitalSignature'],
  purposes: ['serverAuth', 'clientAuth'],
});

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const testKeys = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A self-signed authority; two of one name have two keys. */
export function testAuthority(name: string): TestAuthority {
  const keys = testKeys();
  const made = certificate({
    subject: commonName(name),
    issuer: commonName(name),
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [authorityConstraints()],
  });
  return authorityOf(name, keys, made);
}

function authorityOf(name: string, keys: KeyPair, made: { cert: string; serial: string }): TestAuthority {
  const subject = commonName(name);
  return {
    ...made,
    key: pem(keys.privateKey),
    issue(names, contents = {}) {
      const leaf = contents.keys ?? testKeys();
      const { uris = [], usage, purposes, secondUris } = contents;
      const alternatives = [
        ...names.map(alternativeName),
        ...uris.map((uri) => tagged(0x86, Buffer.from(uri, 'latin1'))),
      ];
      const issued = certificate({
        ...contents,
        subject: commonName(contents.commonName ?? names[0] ?? ''),
        issuer: subject,
        publicKey: leaf.publicKey,
        signer: keys.privateKey,
        extensions: [
          ...(alternatives.length > 0 ? [extension('551d11', sequence(...alternatives))] : []),
          ...(secondUris === undefined
            ? []
            : [extension('551d11', sequence(...secondUris.map((uri) => tagged(0x86, Buffer.from(uri)))))]),
          ...(contents.isAuthority === true ? [authorityConstraints()] : []),
          ...(usage === undefined ? [] : [extension('551d0f', usageBits(usage), true)]),
          ...(purposes === undefined
            ? []
            : [
                extension(
                  '551d25',
                  sequence(...purposes.map((one) => tagged(0x06, Buffer.from(PURPOSES[one], 'hex')))),
                ),
              ]),
        ],
      });
      return { ...issued, key: pem(leaf.privateKey) };
    },
    intermediate(below) {
      const own = testKeys();
      const issued = certificate({
        subject: commonName(below),
        issuer: subject,
        publicKey: own.publicKey,
        signer: keys.privateKey,
        extensions: [authorityConstraints()],
      });
      return authorityOf(below, own, issued);
    },
    revocationList: (contents = {}) => revocationList(subject, keys.privateKey, contents),
  };
}

interface Contents {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const HOUR = 3_600_000;
const USAGES = { digitalSignature: 0x80, keyCertSign: 0x04, cRLSign: 0x02 } as const;
const PURPOSES = { serverAuth: '2b06010505070301', clientAuth: '2b06010505070302' } as const;

const ECDSA_WITH_SHA256 = sequence(tagged(0x06, Buffer.from('2a8648ce3d040302', 'hex')));

function certificate(contents: Contents): { cert: string; serial: string } {
  const { subject, issuer, publicKey, signer, extensions } = contents;
  const { notBefore = new Date(Date.now() - 24 * HOUR), notAfter = new Date(Date.now() + 24 * HOUR) } = contents;
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const signed = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    tagged(0x02, serial),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [tagged(0xa3, sequence(...extensions))] : []),
  );
  return { cert: signedPem('CERTIFICATE', signed, signer), serial: serial.toString('hex') };
}

function revocationList(issuer: Buffer, signer: KeyObject, contents: ListContents): string {
  const { revoked = [], critical = [], thisUpdate = new Date(Date.now() - HOUR) } = contents;
  const { nextUpdate = new Date(Date.now() + HOUR) } = contents;
  const entries = revoked.map((serial) => sequence(tagged(0x02, Buffer.from(serial, 'hex')), time(thisUpdate)));
  const signed = sequence(
    tagged(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    issuer,
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    ...(critical.length > 0
      ? [tagged(0xa0, sequence(...critical.map((oid) => extension(oid, tagged(0x02, Buffer.from([1])), true))))]
      : []),
  );
  return signedPem('X509 CRL', signed, signer);
}

function signedPem(label: string, signed: Buffer, signer: KeyObject): string {
  const signature = sign('sha256', signed, signer);
  const der = sequence(signed, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const authorityConstraints = (): Buffer => extension('551d13', sequence(Buffer.from('0101ff', 'hex')), true);

function usageBits(usage: readonly (keyof typeof USAGES)[]): Buffer {
  const bits = usage.reduce((sum, one) => sum | USAGES[one], 0);
  // DER (X.690 §11.2.2) counts the bits that trail unused.
  const unused = bits === 0 ? 0 : Math.log2(bits & -bits);
  return tagged(0x03, Buffer.from(bits === 0 ? [0] : [unused, bits]));
}

function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(tagged(0x06, Buffer.from('550403', 'hex')), tagged(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(digits.slice(2)));
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return sequence(
    tagged(0x06, Buffer.from(oid, 'hex')),
    ...(critical ? [Buffer.from('0101ff', 'hex')] : []),
    tagged(0x04, value),
  );
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name));
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
