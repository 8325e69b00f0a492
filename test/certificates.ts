/**
 * Certificates for tests, made on the spot: a certificate authority and what it signs. A few hundred
 * bytes of DER (RFC 5280) need no tool beside Node's own crypto, so tests need nothing installed.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority extends TestCertificate {
  /**
   * A certificate signed by this authority. `names` are host names and addresses it is valid for;
   * the first is the common name too.
   */
  issue(names: readonly string[]): TestCertificate;
}

export function testAuthority(name: string): TestAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = commonName(name);
  const basicConstraints = extension('551d13', sequence(Buffer.from('0101ff', 'hex')), true);
  const cert = certificate({
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [basicConstraints],
  });
  return {
    cert,
    key: pem(keys.privateKey),
    issue(names) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: certificate({
          subject: commonName(names[0] ?? ''),
          issuer: subject,
          publicKey: leaf.publicKey,
          signer: keys.privateKey,
          extensions: [extension('551d11', sequence(...names.map(alternativeName)))],
        }),
        key: pem(leaf.privateKey),
      };
    },
  };
}

interface Contents {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

const ECDSA_WITH_SHA256 = sequence(tagged(0x06, Buffer.from('2a8648ce3d040302', 'hex')));

function certificate({ subject, issuer, publicKey, signer, extensions }: Contents): string {
  const day = 86_400_000;
  const signed = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + day))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', signed, signer);
  const der = sequence(signed, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
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
