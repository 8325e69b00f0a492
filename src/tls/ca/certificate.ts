import { randomBytes, sign, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  type KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { sha256 } from '#kernel';

/** One attribute of a name: `CN` or `O`. */
export interface NamePart {
  readonly type: 'CN' | 'O';
  readonly text: string;
}

export interface CertificateContents {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970; a certificate knows whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly names: readonly Pick<GeneralName, 'dNSName' | 'uniformResourceIdentifier' | 'iPAddress'>[];
  readonly isAuthority: boolean;
  /** Of an authority: the names that it may vouch for (RFC 5280 §4.2.1.10). */
  readonly permitted?: PermittedNames | undefined;
  readonly usage: readonly KeyUsageFlags[];
  /** OIDs of extended key usage. */
  readonly purposes: readonly string[];
}

/** Of DNS names, these and those below them; of URIs, those whose host is one of these. No addresses. */
export interface PermittedNames {
  readonly dnsNames: readonly string[];
  readonly uriHosts: readonly string[];
}

export interface Signer {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The signature of each curve that our authorities have (RFC 5758 §3.2). */
const SIGNATURES: Readonly<Record<string, { readonly oid: string; readonly hash: string }>> = {
  prime256v1: { oid: '1.2.840.10045.4.3.2', hash: 'sha256' },
  secp384r1: { oid: '1.2.840.10045.4.3.3', hash: 'sha384' },
};

/** Makes a certificate of version 3 (RFC 5280 §4.1) and signs it; gives PEM. */
export function signCertificate(contents: CertificateContents, signer: Signer): string {
  const curve = signer.privateKey.asymmetricKeyDetails?.namedCurve ?? '';
  const signature = SIGNATURES[curve];
  if (signature === undefined) throw new Error(`no signature is known for keys on \`${curve}\``);
  const algorithm = new AlgorithmIdentifier({ algorithm: signature.oid });
  const body = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: signer.subject,
    validity: new Validity({ notBefore: new Date(contents.notBefore), notAfter: new Date(contents.notAfter) }),
    subject: contents.subject,
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(contents.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensionsOf(contents, signer)),
  });
  const signed = Buffer.from(AsnConvert.serialize(body));
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(sign(signature.hash, signed, signer.privateKey)),
  });
  const lines =
    Buffer.from(AsnConvert.serialize(certificate))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensionsOf(contents: CertificateContents, signer: Signer): Extension[] {
  const { names, isAuthority, permitted, usage, purposes, publicKey } = contents;
  const bits = new KeyUsage(usage.reduce((sum: number, flag) => sum | flag, 0));
  const alternatives = new SubjectAlternativeName(names.map((name) => new GeneralName(name)));
  // What it signs is used by servers and agents; it makes no authorities below it.
  const constraints = new BasicConstraints(isAuthority ? { cA: true, pathLenConstraint: 0 } : {});
  return [
    extension(id_ce_basicConstraints, constraints, true),
    extension(id_ce_keyUsage, bits, true),
    ...(permitted === undefined ? [] : [extension(id_ce_nameConstraints, constraintsOf(permitted), true)]),
    ...(purposes.length > 0 ? [extension(id_ce_extKeyUsage, new ExtendedKeyUsage([...purposes]))] : []),
    ...(names.length > 0 ? [extension(id_ce_subjectAltName, alternatives)] : []),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(bufferOf(keyIdentifier(publicKey)))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new OctetString(keyIdentifier(signer.publicKey)) }),
    ),
  ];
}

function constraintsOf({ dnsNames, uriHosts }: PermittedNames): NameConstraints {
  const subtrees = (names: readonly Partial<GeneralName>[]) =>
    new GeneralSubtrees(names.map((name) => new GeneralSubtree({ base: new GeneralName(name) })));
  return new NameConstraints({
    permittedSubtrees: subtrees([
      ...dnsNames.map((dNSName) => ({ dNSName })),
      ...uriHosts.map((uniformResourceIdentifier) => ({ uniformResourceIdentifier })),
    ]),
    excludedSubtrees: subtrees(['0.0.0.0/0', '::/0'].map((iPAddress) => ({ iPAddress }))),
  });
}

const extension = (extnID: string, value: object, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

/** Of the key's SHA-256, the first 160 bits (RFC 7093 §2, method 1). */
function keyIdentifier(key: KeyObject): Buffer {
  const { subjectPublicKey } = AsnConvert.parse(spkiOf(key), SubjectPublicKeyInfo);
  return sha256(Buffer.from(subjectPublicKey)).subarray(0, 20);
}

const NAME_TYPES = { CN: '2.5.4.3', O: '2.5.4.10' } as const;

/** A name of some attributes, in this order. */
export const nameOf = (parts: readonly NamePart[]): Name =>
  new Name(
    parts.map(
      ({ type, text }) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({ type: NAME_TYPES[type], value: new AttributeValue({ utf8String: text }) }),
        ]),
    ),
  );

/** 127 random bits behind a one: positive, and never shorter than its length says (RFC 5280 §4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bufferOf(bytes);
}

/** The subject of a certificate as it stands there: as the issuer of others it must be the same to the byte. */
export const subjectOf = (der: Buffer): Name => AsnConvert.parse(der, Certificate).tbsCertificate.subject;

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** The library takes whole ArrayBuffers; a small Buffer is a window into a larger one. */
const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
