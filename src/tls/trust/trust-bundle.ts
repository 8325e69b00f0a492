import { X509Certificate } from 'node:crypto';
import { tlsError } from '../errors.ts';
import { pemBlocks, readMaterial, type Material } from '../pem.ts';
import { refuseKey } from '../server/key-strength.ts';
import type { PeerRefusal } from '../spiffe/peer-identity.ts';
import { readCertificate } from './read-certificate.ts';
import { readRevocationLists, type RevocationList } from './revocation-list.ts';

export interface TrustPlace {
  /** Certificates of authorities: an absolute path, or PEM text. */
  readonly clientCa: string;
  /** Revocation lists, likewise. Without them nothing is looked up. */
  readonly crl?: string | undefined;
  /** Where the two stand in the configuration: `agentListener`. */
  readonly field: string;
  /** What the authorities are called there; `clientCa` without it. */
  readonly named?: string;
}

const fault = (message: string, cause?: unknown) => tlsError('TRUST_UNUSABLE', message, { cause });

/** Of each trust domain the authorities that vouch for it, and for no other. */
export type TrustedBundles = ReadonlyMap<string, TrustBundle>;

/** Who may vouch for clients, and whom they have taken back. */
export class TrustBundle {
  /**
   * PEM, for the handshake. None is an empty list and never an empty text, in whose place Node would trust
   * every public authority.
   */
  readonly pem: readonly string[];
  /** What its authorities are called. */
  readonly subjects: ReadonlySet<string>;
  readonly #anchors: ReadonlySet<string>;
  readonly #lists: ReadonlyMap<string, RevocationList> | undefined;

  /** Trusts nobody. */
  static readonly nobody = new TrustBundle([], undefined);

  constructor(authorities: readonly X509Certificate[], lists: readonly RevocationList[] | undefined) {
    this.pem = authorities.map((one) => one.toString());
    this.subjects = new Set(authorities.map((one) => linkOf(one).subject));
    this.#anchors = new Set(authorities.filter(isRoot).map((one) => linkOf(one).authority));
    this.#lists = lists && new Map(lists.map((list) => [linkOf(list.issuer).authority, list]));
  }

  /**
   * Why a chain that a handshake accepted under `before` does not count now, or undefined. Connections
   * outlive bundles and lists: a chain must end at an authority that is *still* trusted, and nothing in
   * it may be revoked by now (RFC 5280 §6.3). Where lists are kept, an issuer without a current one
   * vouches for nobody: whoever can hold a list back must not profit from it.
   *
   * `chain`: the peer's certificate first, each one's issuer after it. Node does not show a server the
   * intermediate certificates that a client sent, so a chain may break off before its end. It holds as
   * long as every authority of its handshake is still trusted, and its revocation cannot be judged; not so where
   * `isOneOfSeveral`: nobody could say then whose chain it is, and each bundle vouches for its own domain alone
   * (SPIFFE Trust Domain and Bundle §4.2). `now` in milliseconds since 1970.
   */
  refuse(
    chain: readonly ChainLink[],
    before: TrustBundle,
    now: number,
    isOneOfSeveral = false,
  ): PeerRefusal | undefined {
    if (this.#anchors.size === 0) return { reason: 'untrusted', detail: 'nobody is trusted now' };
    const end = this.#endOf(chain);
    if (end === -1 && (isOneOfSeveral || before.#endOf(chain) !== -1 || !this.includes(before)))
      return { reason: 'untrusted', detail: 'its chain ends at nobody who is trusted any more' };
    // The peer's own certificate is no authority, whatever the bundle says.
    if (end === 0) return { reason: 'untrusted', detail: 'it is the certificate of an authority itself' };
    if (this.#lists === undefined) return undefined;
    if (end === -1)
      return { reason: 'revocation-unknown', detail: 'its issuer is not in `clientCa`, nor is there a list of it' };
    for (let at = 0; at < end; at++) {
      const refusal = this.#refuseRevoked(chain[at] as ChainLink, chain[at + 1] as ChainLink, now);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Whether everybody whom `other` trusts is trusted here as well. */
  includes(other: TrustBundle): boolean {
    return [...other.#anchors].every((anchor) => this.#anchors.has(anchor));
  }

  #endOf(chain: readonly ChainLink[]): number {
    return chain.findIndex(({ authority }) => this.#anchors.has(authority));
  }

  #refuseRevoked({ serial }: ChainLink, issuer: ChainLink, now: number): PeerRefusal | undefined {
    const list = this.#lists?.get(issuer.authority);
    const by = `\`${issuer.subject}\``;
    if (list === undefined) return { reason: 'revocation-unknown', detail: `there is no revocation list of ${by}` };
    if (now >= list.nextUpdate || now < list.thisUpdate)
      return { reason: 'revocation-unknown', detail: `the revocation list of ${by} is not current` };
    return list.revoked.has(serial) ? { reason: 'revoked', detail: `${by} has revoked it` } : undefined;
  }
}

/** What of a certificate is compared with the bundle. */
export interface ChainLink {
  /** Name and key: what makes an authority (RFC 5280 §6.1.1 d). Renewing its certificate changes neither. */
  readonly authority: string;
  /** As `serialText` writes it. */
  readonly serial: string;
  /** On one line, for messages. */
  readonly subject: string;
}

export function linkOf(certificate: X509Certificate): ChainLink {
  const subject = certificate.subject.replaceAll('\n', ', ');
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    authority: `${key} ${subject}`,
    serial: certificate.serialNumber.toLowerCase().replace(/^(00)+(?=..)/, ''),
    subject,
  };
}

/**
 * Reads the authorities and their revocation lists. Roots are the trust anchors; intermediate authorities
 * may stand beside their roots, which spares clients sending them and lets their lists be checked. Throws
 * `TRUST_UNUSABLE` for anything that is no authority, is weak, or leads to no root (a server of Node's
 * trusts no chain that ends earlier), and when all of it has expired at `now` (milliseconds since 1970).
 */
export function readTrustBundle({ clientCa, crl, field, named = 'clientCa' }: TrustPlace, now: number): TrustBundle {
  const material = readMaterial(`${field}.${named}`, clientCa, fault);
  const authorities = checkedAuthorities(material, now);
  const lists =
    crl === undefined ? undefined : readRevocationLists(readMaterial(`${field}.crl`, crl, fault), authorities);
  return new TrustBundle(authorities, lists);
}

/** The authorities of a bundle that was read already, checked as `readTrustBundle` says. */
export function checkedAuthorities({ text, where }: Material, now: number): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if (blocks === undefined) throw fault(`${where} holds PEM that is cut off or damaged`);
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other !== undefined) throw fault(`${where} holds a \`${other.label}\`; a bundle is made of certificates alone`);
  if (blocks.length === 0) throw fault(`${where} holds no certificate in PEM (\`-----BEGIN CERTIFICATE-----\`)`);
  const authorities = blocks.map(({ der }, index) => readAuthority(der, `certificate ${index + 1} of ${where}`));
  const lost = authorities.find((one) => !isRoot(one) && !authorities.some((issuer) => one.checkIssued(issuer)));
  if (lost !== undefined)
    throw fault(
      `${where}: \`${linkOf(lost).subject}\` is an intermediate authority; put its issuers beside it, up to the root`,
    );
  if (authorities.every((one) => one.validToDate.getTime() < now))
    throw fault(`${where}: every certificate has expired`);
  return authorities;
}

function readAuthority(der: Buffer, named: string): X509Certificate {
  const facts = readCertificate(der);
  if (!facts.ok) throw fault(`${named}: ${facts.error}`);
  const certificate = opened(der, named);
  if (!facts.value.isAuthority)
    throw fault(`${named} (\`${certificate.subject.replaceAll('\n', ', ')}\`) is no authority (basicConstraints)`);
  const weak = refuseKey(certificate.publicKey);
  if (weak !== undefined) throw fault(`the key of ${named} is ${weak}`);
  return certificate;
}

/** OpenSSL is stricter than the reader of the facts. */
function opened(der: Buffer, named: string): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw fault(`${named} cannot be read`, cause);
  }
}

function isRoot(one: X509Certificate): boolean {
  return one.checkIssued(one);
}
