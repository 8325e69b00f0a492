import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { tlsError } from '../errors.ts';
import { pemBlocks, readMaterial, type Material } from '../pem.ts';
import { describeKey, refuseKey } from './key-strength.ts';

/** A certificate with its chain and its key, checked: what a TLS server or client presents. */
export interface CertificateChain {
  /** PEM: the certificate, then its issuers. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** DNS names and addresses that the certificate is for, as they stand there, wildcards included. */
  readonly names: readonly string[];
  /** When the first certificate of the chain expires, in milliseconds since 1970. */
  readonly notAfter: number;
  /** What works and deserves a look all the same. */
  readonly warnings: readonly string[];
}

export interface ChainPlace {
  /** Absolute paths, or PEM text. */
  readonly certificate: string;
  readonly key: string;
  /** Where the two stand in the configuration: `tls`, `agentListener`. */
  readonly field: string;
  /** Who presents it: a server unless it says so. */
  readonly presentedBy?: 'client';
}

const fault = (message: string) => tlsError('CERTIFICATE_UNUSABLE', message);

/**
 * Reads a certificate, its chain and its key, and checks what would otherwise show at the first
 * handshake, as somebody else's error: that the key belongs to the certificate, that it is strong, that
 * each certificate was issued by the next (RFC 8446 §4.4.2), that all are valid at `now` (milliseconds
 * since 1970), that the first names a host (RFC 9525 §6.3 leaves the common name unread) and may serve, or that it may
 * be shown by a client.
 *
 * Throws `CERTIFICATE_UNUSABLE`, which names the file and what is wrong with it.
 */
export function readCertificateChain(
  { certificate, key, field, presentedBy }: ChainPlace,
  now: number,
): CertificateChain {
  const certificates = readMaterial(`${field}.certificate`, certificate, fault);
  return checkedChain(certificates, readMaterial(`${field}.key`, key, fault), now, presentedBy);
}

/** As `readCertificateChain`, of what was read already. */
export function checkedChain(
  certificates: Material,
  keyMaterial: Material,
  now: number,
  presentedBy?: ChainPlace['presentedBy'],
): CertificateChain {
  const chain = certificatesIn(certificates);
  const privateKey = readKey(keyMaterial);
  const leaf = chain[0] as X509Certificate;
  checkMatch(chain, privateKey, certificates, keyMaterial);
  checkStrength(chain, certificates.where);
  checkOrder(chain, certificates.where);
  checkValidity(chain, certificates.where, now);
  if (presentedBy === 'client') checkShows(leaf, certificates.where);
  else checkServes(leaf, certificates.where);
  return {
    cert: chain.map((one) => one.toString()).join(''),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    names: hostNames(leaf),
    notAfter: Math.min(...chain.map((one) => one.validToDate.getTime())),
    warnings: keyMaterial.isOpenToAll ? [`every user of this machine may read the key ${keyMaterial.where}`] : [],
  };
}

function certificatesIn({ text, where }: Material): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if (blocks === undefined) throw fault(`${where} holds PEM that is cut off or damaged`);
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other !== undefined)
    throw fault(`${where} holds a \`${other.label}\`; certificates alone belong there, and the key has its own file`);
  if (blocks.length === 0) throw fault(`${where} holds no certificate in PEM (\`-----BEGIN CERTIFICATE-----\`)`);
  return blocks.map(({ der }, index) => {
    try {
      return new X509Certificate(der);
    } catch (cause) {
      throw tlsError('CERTIFICATE_UNUSABLE', `certificate ${index + 1} of ${where} cannot be read`, { cause });
    }
  });
}

function readKey({ text, where }: Material): KeyObject {
  const [block, ...others] = (pemBlocks(text) ?? []).filter(({ label }) => label !== 'EC PARAMETERS');
  if (block === undefined) throw fault(`${where} holds no private key in PEM`);
  if (block.label === 'CERTIFICATE') throw fault(`${where} holds a certificate where the private key belongs`);
  if (others.length > 0) throw fault(`${where} holds more than one private key`);
  if (block.label === 'ENCRYPTED PRIVATE KEY' || text.includes('Proc-Type: 4,ENCRYPTED'))
    throw fault(
      `the key ${where} is encrypted; there is nobody to ask for its passphrase: store it decrypted, mode 0600`,
    );
  try {
    const key = createPrivateKey(text);
    const refusal = refuseKey(key);
    if (refusal !== undefined) throw fault(`the key ${where} is ${refusal}`);
    return key;
  } catch (cause) {
    if (cause instanceof Error && 'remedy' in cause) throw cause;
    throw tlsError('CERTIFICATE_UNUSABLE', `the private key ${where} cannot be read`, { cause });
  }
}

function checkMatch(chain: readonly X509Certificate[], key: KeyObject, certificates: Material, keyed: Material): void {
  const owner = chain.findIndex((one) => one.checkPrivateKey(key));
  if (owner === 0) return;
  if (owner > 0) {
    throw fault(
      `${certificates.where} begins with another certificate than the one that the key ${keyed.where} belongs to, which is number ${owner + 1}: put that one first, then its issuers`,
    );
  }
  throw fault(
    `the key ${keyed.where} (${describeKey(key)}) does not belong to the certificate ${certificates.where} (${describeKey((chain[0] as X509Certificate).publicKey)})`,
  );
}

function checkStrength(chain: readonly X509Certificate[], where: string): void {
  for (const [index, one] of chain.entries()) {
    const refusal = refuseKey(one.publicKey);
    if (refusal !== undefined) throw fault(`the key of certificate ${index + 1} of ${where} is ${refusal}`);
    if (/md5|sha1(?!\d)/i.test(one.signatureAlgorithm ?? ''))
      throw fault(
        `certificate ${index + 1} of ${where} is signed with \`${one.signatureAlgorithm}\`, which can be forged`,
      );
  }
}

function checkOrder(chain: readonly X509Certificate[], where: string): void {
  for (const [index, one] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined || (one.checkIssued(issuer) && one.verify(issuer.publicKey))) continue;
    throw fault(
      `certificate ${index + 2} of ${where} (\`${oneLine(issuer.subject)}\`) did not issue certificate ${index + 1} (\`${oneLine(one.subject)}\`): put the server's own first, then each one's issuer`,
    );
  }
}

function checkValidity(chain: readonly X509Certificate[], where: string, now: number): void {
  for (const [index, one] of chain.entries()) {
    const named = `certificate ${index + 1} of ${where} (\`${oneLine(one.subject)}\`)`;
    if (now < one.validFromDate.getTime())
      throw fault(`${named} is not valid before ${one.validFromDate.toISOString()}`);
    if (now > one.validToDate.getTime()) throw fault(`${named} has expired on ${one.validToDate.toISOString()}`);
  }
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

function checkServes(leaf: X509Certificate, where: string): void {
  if (leaf.subjectAltName === undefined)
    throw fault(`the certificate ${where} has no subject alternative name; clients look at no other name (RFC 9525)`);
  // Node calls the extended key usage so.
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(SERVER_AUTH))
    throw fault(`the certificate ${where} is not for servers: its extended key usage lacks serverAuth`);
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

function checkShows(leaf: X509Certificate, where: string): void {
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTH))
    throw fault(`the certificate ${where} is not for clients: its extended key usage lacks clientAuth`);
}

/** For welcome and `Host` alone, which decide nothing about who is trusted: so Node's text will do. */
const hostNames = (leaf: X509Certificate): readonly string[] =>
  Array.from((leaf.subjectAltName ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.:*_-]+)(?=,|$)/g), (match) =>
    (match[1] as string).toLowerCase(),
  );

const oneLine = (name: string): string => name.replaceAll('\n', ', ');
