import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { id_kp_clientAuth, id_kp_serverAuth, KeyUsageFlags } from '@peculiar/asn1-x509';
import { formatDuration, Secret, reveal } from '#kernel';
import { tlsError } from '../errors.ts';
import { isTrustDomain, parseSpiffeId } from '../spiffe/spiffe-id.ts';
import { readCertificate } from '../trust/read-certificate.ts';
import { nameOf, signCertificate, subjectOf } from './certificate.ts';

const DAY_MS = 86_400_000;
export const LONGEST_AUTHORITY_MS = 3650 * DAY_MS;
export const LONGEST_LEAF_MS = 90 * DAY_MS;

/** Clocks differ: what was issued just now is valid on a machine that is behind. */
const BACKDATED_MS = 5 * 60_000;

/** An authority: its certificate and its key, both PEM. */
export interface Authority {
  readonly cert: string;
  readonly key: Secret;
}

export interface AuthorityRequest {
  /** Free; shown as the issuer of what it issues. */
  readonly name: string;
  /** Without one it issues certificates with DNS names and addresses alone. */
  readonly trustDomain?: string | undefined;
  readonly curve: 'P-256' | 'P-384';
  readonly lifetimeMs: number;
  /**
   * What it issues has DNS names among these and below them alone, SPIFFE IDs of the trust domain alone, and no
   * addresses: whoever verifies holds it to that (RFC 5280 §4.2.1.10). Any names without it.
   */
  readonly permittedDnsNames?: readonly string[] | undefined;
}

/** Whom a certificate speaks for: those who serve, those who come, or either. */
export type LeafPurpose = 'server' | 'client';

export interface LeafRequest {
  readonly spiffeId?: string | undefined;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly lifetimeMs: number;
  /** What it is for; with a SPIFFE ID both without it, else a server. */
  readonly purposes?: readonly LeafPurpose[] | undefined;
  /** The trust domain of an authority that somebody else made and that does not say it itself. */
  readonly trustDomain?: string | undefined;
  /** How long it may live where a program replaces it in time; `LONGEST_LEAF_MS` without it. */
  readonly longestMs?: number | undefined;
}

export interface Issued {
  /** PEM. */
  readonly cert: string;
  readonly key: Secret;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

const fault = (message: string) => tlsError('CERTIFICATE_REQUEST_INVALID', message);

/**
 * A new self-signed authority that is valid from `now` (milliseconds since 1970). With a trust domain it
 * carries that domain's SPIFFE ID (X509-SVID.md §3.1). Throws `CERTIFICATE_REQUEST_INVALID`.
 */
export function newAuthority(request: AuthorityRequest, now: number): Authority {
  const { name, trustDomain, curve, lifetimeMs, permittedDnsNames } = request;
  checkLifetime(lifetimeMs, LONGEST_AUTHORITY_MS, 'an authority');
  if (name === '' || name.length > 40) throw fault('the name of an authority has 1 to 40 characters');
  if (trustDomain !== undefined && !isTrustDomain(trustDomain))
    throw fault(`\`${trustDomain}\` is no trust domain; write \`a-z\`, digits, \`.\`, \`-\` and \`_\``);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  // Two authorities of one name would be told apart by their keys alone, which no person does.
  const subject = nameOf([
    { type: 'O', text: 'Chatelaine' },
    { type: 'CN', text: `${name} ${new Date(now).toISOString().slice(0, 19)}Z` },
  ]);
  const cert = signCertificate(
    {
      subject,
      publicKey,
      notBefore: now - BACKDATED_MS,
      notAfter: now + lifetimeMs,
      names: trustDomain === undefined ? [] : [{ uniformResourceIdentifier: `spiffe://${trustDomain}` }],
      isAuthority: true,
      permitted:
        permittedDnsNames === undefined
          ? undefined
          : { dnsNames: permittedDnsNames, uriHosts: trustDomain === undefined ? [] : [trustDomain] },
      usage: [KeyUsageFlags.keyCertSign, KeyUsageFlags.cRLSign],
      purposes: [],
    },
    { subject, publicKey, privateKey },
  );
  return { cert, key: pemOf(privateKey) };
}

/**
 * A certificate with a new key, valid from `now`: with a SPIFFE ID an X509-SVID for both ends of a
 * connection, without one for a server alone. It does not outlive its authority. Throws
 * `CERTIFICATE_REQUEST_INVALID`.
 */
export function issueCertificate(authority: Authority, request: LeafRequest, now: number): Issued {
  const { spiffeId, dnsNames, addresses, lifetimeMs, purposes } = request;
  checkLifetime(lifetimeMs, request.longestMs ?? LONGEST_LEAF_MS, 'a certificate');
  const issuer = new X509Certificate(authority.cert);
  const until = issuer.validToDate.getTime();
  if (now >= until) throw fault(`the authority has expired on ${new Date(until).toISOString()}`);
  if (spiffeId === undefined && dnsNames.length + addresses.length === 0)
    throw fault('a certificate names somebody: give a SPIFFE ID, a DNS name or an address');
  if (spiffeId !== undefined) checkSpiffeId(spiffeId, trustDomainOf(issuer) ?? request.trustDomain);
  for (const name of dnsNames) if (!DNS_NAME.test(name)) throw fault(`\`${name}\` is no DNS name in lower case`);
  for (const address of addresses) if (isIP(address) === 0) throw fault(`\`${address}\` is no IP address`);

  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signerKey = createPrivateKey(reveal(authority.key));
  const notAfter = Math.floor(Math.min(now + lifetimeMs, until) / 1000) * 1000;
  const cert = signCertificate(
    {
      // No identity stands here: readers that still look at the common name must find none (CVE-2025-6037).
      subject: nameOf([{ type: 'O', text: 'Chatelaine' }]),
      publicKey,
      notBefore: now - BACKDATED_MS,
      notAfter,
      names: [
        ...(spiffeId === undefined ? [] : [{ uniformResourceIdentifier: spiffeId }]),
        ...dnsNames.map((dNSName) => ({ dNSName })),
        ...addresses.map((iPAddress) => ({ iPAddress })),
      ],
      isAuthority: false,
      usage: [KeyUsageFlags.digitalSignature],
      purposes: (purposes ?? (spiffeId === undefined ? ['server'] : ['server', 'client'])).map((one) => PURPOSES[one]),
    },
    { subject: subjectOf(issuer.raw), publicKey: createPublicKey(signerKey), privateKey: signerKey },
  );
  return { cert, key: pemOf(privateKey), serial: factsOf(new X509Certificate(cert)).serial, notAfter };
}

/** OIDs of extended key usage (RFC 5280 §4.2.1.12). */
export const PURPOSES = { server: id_kp_serverAuth, client: id_kp_clientAuth } as const;

function checkSpiffeId(text: string, trustDomain: string | undefined): void {
  const id = parseSpiffeId(text);
  if (!id.ok) throw fault(`\`${text}\` is no SPIFFE ID: it has ${id.error}`);
  if (id.value.path.length === 0) throw fault(`\`${text}\` names a whole trust domain; a workload has a path`);
  if (trustDomain === undefined) throw fault('the authority has no trust domain; it was made without `--trust-domain`');
  if (id.value.trustDomain !== trustDomain)
    throw fault(`\`${text}\` is in another trust domain than the authority, which has \`${trustDomain}\``);
}

/** The trust domain that an authority vouches for; undefined for none. */
export function trustDomainOf(authority: X509Certificate): string | undefined {
  const [uri] = factsOf(authority).uris;
  const id = uri === undefined ? undefined : parseSpiffeId(uri);
  return id?.ok ? id.value.trustDomain : undefined;
}

function factsOf(certificate: X509Certificate) {
  const facts = readCertificate(certificate.raw);
  if (!facts.ok) throw tlsError('AUTHORITY_UNUSABLE', `the certificate of the authority: ${facts.error}`);
  return facts.value;
}

/** RFC 1123 §2.1, in lower case; `*` as the whole first label (RFC 9525 §6.3). */
const DNS_NAME = /^(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

const pemOf = (key: KeyObject): Secret => new Secret(key.export({ type: 'pkcs8', format: 'pem' }).toString());

function checkLifetime(ms: number, longest: number, what: string): void {
  if (ms < 60_000 || ms > longest)
    throw fault(`${what} lives between a minute and ${formatDuration(longest)}, and not ${formatDuration(ms)}`);
}
