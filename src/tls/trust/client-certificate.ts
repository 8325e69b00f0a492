import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_ce_subjectAltName, SubjectAlternativeName, type GeneralName } from '@peculiar/asn1-x509';
import { parseAddress, sha256 } from '#kernel';
import { isSubject } from './distinguished-name.ts';

/** What kind of name (RFC 8705 §2.1.2). */
export type CertificateNameKind = 'subjectDn' | 'sanDns' | 'sanUri' | 'sanIp' | 'sanEmail';

/** A client certificate that counts, as those take it whom its SPIFFE ID says nothing. */
export interface ClientCertificate {
  readonly certificate: X509Certificate;
  /** `x5t#S256`: its SHA-256 in base64url (RFC 8705 §3.1). */
  readonly thumbprint: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  /** Whether it holds that name, as a whole: no prefix, no pattern, no part of it. */
  holds(kind: CertificateNameKind, expected: string): boolean;
}

/** The certificate of those bytes, which have been read and judged before. */
export function clientCertificate(der: Buffer, serial: string): ClientCertificate {
  return {
    certificate: new X509Certificate(der),
    thumbprint: sha256(der).toString('base64url'),
    serial,
    holds: (kind, expected) => holds(AsnConvert.parse(der, Certificate), kind, expected),
  };
}

function holds({ tbsCertificate: body }: Certificate, kind: CertificateNameKind, expected: string): boolean {
  if (kind === 'subjectDn') return isSubject(body.subject, expected);
  const extension = body.extensions?.find(({ extnID }) => extnID === id_ce_subjectAltName);
  if (extension === undefined) return false;
  return [...AsnConvert.parse(extension.extnValue.buffer, SubjectAlternativeName)].some((name) =>
    isName(name, kind, expected),
  );
}

function isName(name: GeneralName, kind: Exclude<CertificateNameKind, 'subjectDn'>, expected: string): boolean {
  switch (kind) {
    case 'sanDns':
      return name.dNSName?.toLowerCase() === expected.toLowerCase();
    case 'sanUri':
      return name.uniformResourceIdentifier === expected;
    case 'sanEmail':
      return name.rfc822Name === expected;
    case 'sanIp':
      return name.iPAddress !== undefined && isSameAddress(name.iPAddress, expected);
  }
}

/** An IPv6 address has many spellings. */
function isSameAddress(one: string, other: string): boolean {
  const [first, second] = [parseAddress(one), parseAddress(other)];
  return first !== undefined && first.bits === second?.bits && first.value === second.value;
}
