import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import { err, ok, type Result } from '#kernel';
import { readCertificate, type CertificateFacts } from '../trust/read-certificate.ts';
import { parseSpiffeId, printSpiffeId, type SpiffeId } from './spiffe-id.ts';

/** Who a client certificate names. That its chain holds, the handshake and the trust bundle say. */
export interface PeerIdentity {
  readonly spiffeId: SpiffeId;
  /** Its one spelling. */
  readonly uri: string;
  /** Of the certificate: lower-case hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Why a certificate is nobody's. `detail` is for the log; the wire learns only that it does not count. */
export interface PeerRefusal {
  readonly reason:
    | 'unreadable'
    | 'no-uri'
    | 'several-uris'
    | 'no-spiffe-id'
    | 'no-workload'
    | 'other-trust-domain'
    | 'authority'
    | 'signing-usage'
    | 'no-signature-usage'
    | 'not-for-clients'
    | 'not-yet-valid'
    | 'expired'
    | 'untrusted'
    | 'revoked'
    | 'revocation-unknown';
  readonly detail: string;
}

/**
 * The workload that a leaf certificate names (X509-SVID.md §2, §4, §5.2): exactly one URI among the
 * alternative names, and it is the SPIFFE ID of a workload in one of `trustDomains`; no authority, no key that
 * may sign certificates or lists, a key that may sign the handshake, and clientAuth where purposes are
 * named at all. Names of other types, such as DNS, may stand beside it and mean nothing here.
 */
export function readPeer(der: Buffer, ...trustDomains: readonly string[]): Result<PeerIdentity, PeerRefusal> {
  const read = readCertificate(der);
  if (!read.ok) return refuse('unreadable', read.error);
  const { uris, serial, notBefore, notAfter } = read.value;
  const unfit = refuseUse(read.value);
  if (unfit !== undefined) return err(unfit);
  const [uri, ...others] = uris;
  if (uri === undefined) return refuse('no-uri', 'none of its alternative names is a URI');
  // Refused whatever they are, twice the same one too: which of them counts must not be a question.
  if (others.length > 0) return refuse('several-uris', `${uris.length} of its alternative names are URIs`);
  const spiffeId = parseSpiffeId(uri);
  if (!spiffeId.ok) return refuse('no-spiffe-id', `its URI has ${spiffeId.error}`);
  if (spiffeId.value.path.length === 0) return refuse('no-workload', 'its SPIFFE ID names a whole trust domain');
  if (!trustDomains.includes(spiffeId.value.trustDomain))
    return refuse('other-trust-domain', `its trust domain is \`${spiffeId.value.trustDomain}\``);
  return ok({ spiffeId: spiffeId.value, uri: printSpiffeId(spiffeId.value), serial, notBefore, notAfter });
}

/** Why a certificate is not one that clients may show, whatever it names; undefined where it is. */
export function refuseUse({ usage, purposes, isAuthority }: CertificateFacts): PeerRefusal | undefined {
  if (isAuthority) return { reason: 'authority', detail: 'it is the certificate of an authority' };
  if (usage.has('keyCertSign') || usage.has('cRLSign'))
    return { reason: 'signing-usage', detail: 'its key may sign certificates' };
  if (!usage.has('digitalSignature'))
    return { reason: 'no-signature-usage', detail: 'its key usage lacks digitalSignature' };
  if (purposes !== undefined && !purposes.includes(id_kp_clientAuth))
    return { reason: 'not-for-clients', detail: 'its extended key usage lacks clientAuth' };
  return undefined;
}

/** Why the certificate does not count at this moment (milliseconds since 1970), or undefined. */
export function refuseValidity(
  peer: Pick<PeerIdentity, 'notBefore' | 'notAfter'>,
  now: number,
): PeerRefusal | undefined {
  if (now < peer.notBefore) return { reason: 'not-yet-valid', detail: `valid from ${moment(peer.notBefore)}` };
  // RFC 5280 §4.1.2.5: the period includes both of its ends, which are whole seconds.
  if (now >= peer.notAfter + 1000) return { reason: 'expired', detail: `valid until ${moment(peer.notAfter)}` };
  return undefined;
}

const moment = (ms: number): string => new Date(ms).toISOString();

const refuse = (reason: PeerRefusal['reason'], detail: string) => err({ reason, detail });
