/**
 * What a certificate says, read from its DER with the modules of RFC 5280. Node's own text of the
 * alternative names is not looked at: names with commas and quotes in them have been made to look like
 * other names there (CVE-2021-44532).
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  SubjectAlternativeName,
  type Extension,
  type Time,
} from '@peculiar/asn1-x509';
import { err, ok, type Result } from '#kernel';

export interface CertificateFacts {
  /** Lower-case hexadecimal, without leading zero bytes. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Alternative names of the type uniformResourceIdentifier, as they stand there, repeated ones too. */
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** How many alternative names there are, of whatever type. */
  readonly nameCount: number;
  readonly isAuthority: boolean;
  /** Names that an authority may vouch for (RFC 5280 §4.2.1.10), each type for itself; undefined for any. */
  readonly permitted: { readonly dnsNames: readonly string[]; readonly uriHosts: readonly string[] } | undefined;
  readonly usage: ReadonlySet<Usage>;
  /** OIDs of extended key usage; undefined where the extension is absent. */
  readonly purposes: readonly string[] | undefined;
}

export type Usage = 'digitalSignature' | 'keyCertSign' | 'cRLSign';

/** The facts, or why these bytes are no certificate that counts. */
export function readCertificate(der: Buffer): Result<CertificateFacts, string> {
  try {
    const { tbsCertificate: body } = AsnConvert.parse(der, Certificate);
    const extensions = new Map<string, Extension>();
    for (const extension of body.extensions ?? []) {
      // RFC 5280 §4.2 forbids it. Of two lists of names one reader takes the first, another the last.
      if (extensions.has(extension.extnID)) return err(`the extension ${extension.extnID} stands there twice`);
      extensions.set(extension.extnID, extension);
    }
    const valueOf = <Value>(oid: string, type: new () => Value): Value | undefined => {
      const extension = extensions.get(oid);
      return extension && AsnConvert.parse(extension.extnValue.buffer, type);
    };
    const names = valueOf(id_ce_subjectAltName, SubjectAlternativeName) ?? [];
    const permitted = valueOf(id_ce_nameConstraints, NameConstraints)?.permittedSubtrees;
    const flags = valueOf(id_ce_keyUsage, KeyUsage)?.toNumber() ?? 0;
    return ok({
      serial: serialText(body.serialNumber),
      notBefore: momentOf(body.validity.notBefore),
      notAfter: momentOf(body.validity.notAfter),
      uris: [...names].flatMap(({ uniformResourceIdentifier: uri }) => (uri === undefined ? [] : [uri])),
      dnsNames: [...names].flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName])),
      nameCount: names.length,
      permitted: permitted && {
        dnsNames: [...permitted].flatMap(({ base: { dNSName } }) => (dNSName === undefined ? [] : [dNSName])),
        uriHosts: [...permitted].flatMap(({ base: { uniformResourceIdentifier: host } }) =>
          host === undefined ? [] : [host],
        ),
      },
      isAuthority: valueOf(id_ce_basicConstraints, BasicConstraints)?.cA ?? false,
      usage: new Set(USAGES.filter((usage) => (flags & KeyUsageFlags[usage]) !== 0)),
      purposes: valueOf(id_ce_extKeyUsage, ExtendedKeyUsage)?.map((oid) => oid),
    });
  } catch (cause) {
    return err(`its bytes are no certificate (${(cause as Error).message})`);
  }
}

const USAGES: readonly Usage[] = ['digitalSignature', 'keyCertSign', 'cRLSign'];

/** A serial number as we print, log and compare it everywhere. */
export const serialText = (bytes: ArrayBuffer): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(00)+(?=..)/, '');

/** Throws where neither of the two forms of a time is filled. */
export function momentOf({ utcTime, generalTime }: Time): number {
  const date = utcTime ?? generalTime;
  if (date === undefined || Number.isNaN(date.getTime())) throw new Error('a time that is none');
  return date.getTime();
}
