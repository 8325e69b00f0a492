/**
 * Certificates by cert-manager (cert-manager.io/v1): that of the server, and an intermediate authority in the namespace of the
 * authorization server. Certificates of clients are not asked for: an issuer of the cluster signs any name for
 * whoever may make a Certificate, and these names are identities.
 */
import { createPrivateKey } from 'node:crypto';
import { err, isRecord, ok, reveal, Secret, type Result } from '#kernel';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { CertificateAuthority } from '#tls';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { SigningAuthority } from './authority-state.ts';
import { printRoots, readCertificates, rootOf } from './roots.ts';
import type { KeptSecret } from './secret.ts';

type ServerCert = MCPAuthServerSpec['tls']['serverCert'];
type IssuerRef = NonNullable<ServerCert['issuerRef']>;

interface Certificate {
  readonly name: string;
  readonly namespace: string;
  readonly issuerRef: IssuerRef;
  /** As it is written: cert-manager reads the same durations. */
  readonly duration: string;
  readonly renewBefore: string;
}

interface WithNames extends Certificate {
  readonly dnsNames: readonly string[];
}

/** The certificate of the internal port. */
export const serverCertificate = ({ dnsNames, ...of }: WithNames): KubernetesObject =>
  certificate(of, { dnsNames, usages: ['digital signature', 'server auth'] });

/** The certificate of the public port, for the host of the issuer. */
export const publicCertificate = serverCertificate;

/** The intermediate authority that signs certificates of clients. */
export const intermediateCertificate = ({ trustDomain, ...of }: Certificate & { readonly trustDomain: string }) =>
  certificate(of, {
    isCA: true,
    // Between 1 and 64 characters, and shown as the issuer; nobody reads an identity from it.
    commonName: `${of.namespace} ${of.name}`.slice(0, 64),
    uris: [`spiffe://${trustDomain}`],
    usages: ['cert sign', 'crl sign'],
  });

function certificate(
  { name, namespace, issuerRef, duration, renewBefore }: Certificate,
  contents: Readonly<Record<string, unknown>>,
): KubernetesObject {
  return {
    ...{ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name, namespace } },
    spec: {
      secretName: name,
      issuerRef: { name: issuerRef.name, kind: issuerRef.kind, group: issuerRef.group },
      ...{ duration, renewBefore },
      // A renewed certificate with the key of before would make whoever has read it once a holder for ever.
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      ...contents,
    },
  };
}

export interface CertificateReadiness {
  readonly isReady: boolean;
  /** A reason for the condition of our object. */
  readonly reason: 'CertificateReady' | 'CertificateNotReady' | 'CertificateMissing';
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly notAfter?: number | undefined;
  readonly renewAt?: number | undefined;
}

/** What the conditions of a Certificate say. One whose status is of another generation says nothing. */
export function certificateReadiness(object: KubernetesObject | undefined): CertificateReadiness {
  if (object === undefined)
    return { isReady: false, reason: 'CertificateMissing', message: 'the Certificate is not there yet' };
  const { name, generation } = object.metadata;
  const status = isRecord(object['status']) ? object['status'] : {};
  const conditions = (Array.isArray(status['conditions']) ? status['conditions'] : []).filter(isRecord);
  const saying = (type: string) => conditions.find((condition) => condition['type'] === type);
  const ready = saying('Ready');
  const isOfNow = generation === undefined || Number(ready?.['observedGeneration'] ?? generation) >= generation;
  const moment = (field: string): number | undefined => {
    const at = Date.parse(String(status[field]));
    return Number.isNaN(at) ? undefined : at;
  };
  const moments = { notAfter: moment('notAfter'), renewAt: moment('renewalTime') };
  if (ready?.['status'] === 'True' && isOfNow)
    return { isReady: true, reason: 'CertificateReady', message: `the Certificate \`${name}\` is ready`, ...moments };
  const said = [ready, saying('Issuing')]
    .flatMap((condition) => (typeof condition?.['message'] === 'string' ? [condition['message']] : []))
    .join('; ');
  return {
    ...{ isReady: false, reason: 'CertificateNotReady', ...moments },
    message: `the Certificate \`${name}\` is not ready: ${said === '' ? 'cert-manager has said nothing; see that it runs' : said}`,
  };
}

/**
 * The authority in the Secret of an intermediate Certificate, checked up to the root in its `ca.crt`. The error says what the issuer
 * gave instead.
 */
export function offeredAuthority(
  ca: CertificateAuthority,
  secret: KeptSecret,
  trustDomain: string,
): Result<SigningAuthority, string> {
  const where = `the Secret \`${secret.name}\``;
  const { 'tls.crt': chain, 'tls.key': key, 'ca.crt': root } = secret.data;
  if (chain === undefined || key === undefined) return err(`${where} has no \`tls.crt\` and \`tls.key\` yet`);
  if (root === undefined)
    return err(`${where} has no \`ca.crt\`: this issuer does not say its root, so nobody could be told whom to trust`);
  const certificates = readCertificates(reveal(chain)) ?? [];
  const roots = (readCertificates(reveal(root)) ?? []).filter(({ ca: isAuthority }) => isAuthority);
  const [issuing] = certificates;
  const facts = issuing && ca.readCertificate(issuing.raw);
  if (issuing === undefined || facts?.ok !== true) return err(`\`tls.crt\` of ${where} is no certificate`);
  if (roots.length === 0) return err(`\`ca.crt\` of ${where} is no certificate of an authority`);
  const { isAuthority, usage, uris, permitted } = facts.value;
  if (!isAuthority || !usage.has('keyCertSign'))
    return err(`${where} holds no authority: the issuer gave a certificate that may not sign others (\`isCA\`)`);
  const others = uris.filter((uri) => uri !== `spiffe://${trustDomain}`);
  if (others.length > 0) return err(`the authority in ${where} is of \`${others[0]}\`, and not of \`${trustDomain}\``);
  if (permitted !== undefined && permitted.uriHosts.length > 0 && !permitted.uriHosts.includes(trustDomain))
    return err(`the authority in ${where} may not vouch for the trust domain \`${trustDomain}\` (name constraints)`);
  try {
    const held = createPrivateKey(reveal(key));
    if (!issuing.checkPrivateKey(held)) return err(`the key in ${where} is not that of its certificate`);
    if (held.asymmetricKeyType !== 'ec') return err(`the key in ${where} is no key on P-256 or P-384`);
  } catch {
    return err(`the key in ${where} cannot be read`);
  }
  const links = [...certificates.slice(1), ...roots];
  const leadsToRoot = [issuing, ...certificates.slice(1)].every((one) =>
    links.some((issuer) => one.checkIssued(issuer) && one.verify(issuer.publicKey)),
  );
  if (!leadsToRoot) return err(`the chain in ${where} does not lead to the root in its \`ca.crt\``);
  // Some issuers put the root at the end of the chain.
  const shown = certificates.filter((one) => !roots.some((root) => root.fingerprint256 === one.fingerprint256));
  return ok({
    cert: printRoots((shown.length > 0 ? shown : certificates).map(rootOf)),
    key: new Secret(reveal(key)),
    root: printRoots(roots.map(rootOf)),
  });
}
