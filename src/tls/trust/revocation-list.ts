import { verify, type X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, CertificateList, type AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { tlsError } from '../errors.ts';
import { pemBlocks, type Material } from '../pem.ts';
import { momentOf, serialText } from './read-certificate.ts';

/** A certificate revocation list whose signature was checked (RFC 5280 §5, §6.3). */
export interface RevocationList {
  /** The authority that signed it, one of those that are trusted. */
  readonly issuer: X509Certificate;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serials as `serialText` writes them. */
  readonly revoked: ReadonlySet<string>;
}

const fault = (message: string, cause?: unknown) => tlsError('TRUST_UNUSABLE', message, { cause });

/**
 * The lists of a PEM text, each signed by one of `authorities`. A list says until when it holds; one
 * without `nextUpdate` would hold for ever and is refused, as are lists with critical extensions: they
 * cover something else than all certificates of their issuer (§5.2.5), or are only the changes to
 * another list (§5.2.4).
 *
 * Throws `TRUST_UNUSABLE`. Whether a list is still current is asked at each use: `refuseRevoked`.
 */
export function readRevocationLists(
  { text, where }: Material,
  authorities: readonly X509Certificate[],
): readonly RevocationList[] {
  const blocks = pemBlocks(text)?.filter(({ label }) => label === 'X509 CRL') ?? [];
  if (blocks.length === 0) throw fault(`${where} holds no revocation list in PEM (\`-----BEGIN X509 CRL-----\`)`);
  return blocks.map(({ der }, index) => readRevocationList(der, `list ${index + 1} of ${where}`, authorities));
}

/** One list of DER, likewise. `named` is how messages call it. */
export function readRevocationList(
  der: Buffer,
  named: string,
  authorities: readonly X509Certificate[],
): RevocationList {
  const list = parse(der, named);
  const { tbsCertList: body, tbsCertListRaw, signatureAlgorithm, signature } = list;
  const entries = body.revokedCertificates ?? [];
  const critical = [...(body.crlExtensions ?? []), ...entries.flatMap((entry) => entry.crlEntryExtensions ?? [])].find(
    (extension) => extension.critical,
  );
  if (critical !== undefined) throw fault(`${named} has the critical extension ${critical.extnID}, and is not whole`);
  if (body.nextUpdate === undefined) throw fault(`${named} does not say until when it holds (nextUpdate)`);
  const bytes = Buffer.from(tbsCertListRaw as ArrayBuffer);
  const issuerName = Buffer.from(AsnConvert.serialize(body.issuer));
  const issuer = authorities.find(
    (authority) =>
      subjectOf(authority).equals(issuerName) &&
      isSignedBy(authority, { bytes, signature: Buffer.from(signature), algorithm: signatureAlgorithm }),
  );
  if (issuer === undefined) throw fault(`${named} is not signed by any of the authorities that are trusted`);
  return {
    issuer,
    thisUpdate: momentOf(body.thisUpdate),
    nextUpdate: momentOf(body.nextUpdate),
    revoked: new Set(entries.map(({ userCertificate }) => serialText(userCertificate))),
  };
}

function parse(der: Buffer, named: string): CertificateList {
  try {
    return AsnConvert.parse(der, CertificateList);
  } catch (cause) {
    throw fault(`${named} cannot be read`, cause);
  }
}

/** The hash of each signature algorithm of ours; Ed25519 has its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
};

function isSignedBy(
  authority: X509Certificate,
  signed: { bytes: Buffer; signature: Buffer; algorithm: AlgorithmIdentifier },
): boolean {
  const hash = HASHES[signed.algorithm.algorithm];
  if (hash === undefined) return false;
  try {
    return verify(hash, signed.bytes, authority.publicKey, signed.signature);
  } catch {
    // A key of another type than the algorithm is for.
    return false;
  }
}

/** Compared as DER: RFC 5280 §7.1 allows more, but authorities repeat their own name as it is. */
const subjectOf = (authority: X509Certificate): Buffer =>
  Buffer.from(AsnConvert.serialize(AsnConvert.parse(authority.raw, Certificate).tbsCertificate.subject));
