import type { X509Certificate } from 'node:crypto';
import { ChatelaineError } from '#kernel';
import { tlsError } from '../errors.ts';
import type { Material } from '../pem.ts';
import { checkedChain, type CertificateChain } from '../server/certificate-chain.ts';
import { readPeer } from '../spiffe/peer-identity.ts';
import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import { readRevocationList } from '../trust/revocation-list.ts';
import { checkedAuthorities, TrustBundle } from '../trust/trust-bundle.ts';
import { derValues, toPem } from './der.ts';
import { decodeResponse, type X509SvidResponse } from './protocol.ts';

/** One identity of this process. The key is in there and does not print. */
export class Svid {
  /** Its SPIFFE ID. */
  readonly uri: string;
  readonly trustDomain: string;
  /** What the operator says it is for; empty for nothing. */
  readonly hint: string;
  readonly #chain: CertificateChain;

  constructor({ uri, trustDomain, hint }: Pick<Svid, 'uri' | 'trustDomain' | 'hint'>, chain: CertificateChain) {
    this.uri = uri;
    this.trustDomain = trustDomain;
    this.hint = hint;
    this.#chain = chain;
  }

  /** For TLS; always the same object. */
  chain(): CertificateChain {
    return this.#chain;
  }

  /** Whether something of the chain has expired at `now` (milliseconds since 1970). */
  hasExpired(now: number): boolean {
    return now >= this.#chain.notAfter;
  }
}

/** Everything that one message gives: it replaces what was there before, whole (SPIFFE_Workload_API §4.3, §4.4). */
export interface WorkloadMaterial {
  /** At least one, in the order of the message. */
  readonly svids: readonly Svid[];
  /**
   * By trust domain. Each vouches for its own alone (§4.6): merged, the authority of any domain that we federate
   * with could name everybody in ours.
   */
  readonly bundles: ReadonlyMap<string, TrustBundle>;
}

const fault = (message: string) => tlsError('WORKLOAD_MESSAGE_UNUSABLE', message);

type RawSvid = X509SvidResponse['svids'][number];

/**
 * Reads one message, all of it or nothing: half a message would be a state of affairs that nobody sent. `now` in
 * milliseconds since 1970. Throws `WORKLOAD_MESSAGE_UNUSABLE`, `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`.
 */
export function readWorkloadMessage(bytes: Uint8Array, now: number): WorkloadMaterial {
  try {
    return readMessage(decoded(bytes), now);
  } catch (cause) {
    if (cause instanceof ChatelaineError) throw cause;
    // Keys and signatures of kinds that OpenSSL does not know.
    throw tlsError('WORKLOAD_MESSAGE_UNUSABLE', 'a certificate or key in it cannot be read', { cause });
  }
}

function readMessage(message: X509SvidResponse, now: number): WorkloadMaterial {
  if (message.svids.length === 0) throw fault('it has no identity in it (`svids`)');
  const svids = message.svids.map((raw) => readSvid(raw, now));
  const authorities = new Map<string, readonly X509Certificate[]>();
  for (const [trustDomain, bundle] of bundlesOf(message, svids))
    authorities.set(trustDomain, readAuthorities(trustDomain, bundle, now));
  return { svids, bundles: withLists(authorities, message.crl) };
}

function decoded(bytes: Uint8Array): X509SvidResponse {
  try {
    return decodeResponse(bytes);
  } catch (cause) {
    throw tlsError('WORKLOAD_MESSAGE_UNUSABLE', 'its bytes are no `X509SVIDResponse`', { cause });
  }
}

function readSvid(raw: RawSvid, now: number): Svid {
  const { spiffeId: text, hint } = raw;
  const id = parseSpiffeId(text);
  if (!id.ok) throw fault(`the name of an identity has ${id.error}`);
  const where = `\`${text}\``;
  const [certificates, keys] = [derValues(Buffer.from(raw.x509Svid)), derValues(Buffer.from(raw.x509SvidKey))];
  const leaf = certificates?.[0];
  if (certificates === undefined || leaf === undefined) throw fault(`${where} has no certificate, or one cut off`);
  if (keys?.length !== 1) throw fault(`${where} has no private key, or not one alone`);
  if (raw.bundle.length === 0) throw fault(`${where} has no bundle`);
  const named = readPeer(leaf, id.value.trustDomain);
  if (!named.ok) throw fault(`the certificate of ${where} is no X.509-SVID of its: ${named.error.detail}`);
  if (named.value.uri !== text) throw fault(`the certificate of ${where} names \`${named.value.uri}\``);
  const chain = checkedChain(
    material(where, 'CERTIFICATE', certificates),
    material(`of ${where}`, 'PRIVATE KEY', keys),
    now,
  );
  return new Svid({ uri: text, trustDomain: id.value.trustDomain, hint }, chain);
}

/** Every bundle with its trust domain: our own of each identity, then those of others. */
function bundlesOf(message: X509SvidResponse, svids: readonly Svid[]): ReadonlyMap<string, Buffer> {
  const bundles = new Map<string, Buffer>();
  for (const [index, { trustDomain }] of svids.entries()) {
    const bundle = Buffer.from((message.svids[index] as RawSvid).bundle);
    if (bundles.get(trustDomain)?.equals(bundle) === false)
      throw fault(`there are two bundles of \`${trustDomain}\`, and they differ`);
    bundles.set(trustDomain, bundle);
  }
  const own = new Set(bundles.keys());
  for (const [key, bundle] of Object.entries(message.federatedBundles)) {
    const id = parseSpiffeId(key);
    if (!id.ok) throw fault(`the name of a federated trust domain has ${id.error}`);
    if (id.value.path.length > 0) throw fault(`a federated bundle is for \`${key}\`, which is no trust domain`);
    // Whoever could slip one in would name themselves whatever they like in our own domain.
    if (own.has(id.value.trustDomain)) throw fault(`a federated bundle is for \`${key}\`, which is our own domain`);
    bundles.set(id.value.trustDomain, Buffer.from(bundle));
  }
  return bundles;
}

function readAuthorities(trustDomain: string, bundle: Buffer, now: number): readonly X509Certificate[] {
  const where = `the bundle of \`${trustDomain}\``;
  const certificates = derValues(bundle);
  if (certificates === undefined || certificates.length === 0) throw fault(`${where} is empty or cut off`);
  return checkedAuthorities(material(where, 'CERTIFICATE', certificates), now);
}

/** Lists come for all domains together; each goes to the domain whose authority signed it. */
function withLists(
  authorities: ReadonlyMap<string, readonly X509Certificate[]>,
  crl: readonly Uint8Array[],
): ReadonlyMap<string, TrustBundle> {
  const everybody = [...authorities.values()].flat();
  // A list that nobody signed is refused rather than passed over: it may be one that was tampered with.
  const lists = crl.map((der, at) => readRevocationList(Buffer.from(der), `revocation list ${at + 1}`, everybody));
  return new Map(
    Array.from(authorities, ([trustDomain, own]) => {
      const theirs = lists.filter(({ issuer }) => own.some((one) => one.raw.equals(issuer.raw)));
      return [trustDomain, new TrustBundle(own, theirs.length > 0 ? theirs : undefined)];
    }),
  );
}

const material = (where: string, label: string, ders: readonly Buffer[]): Material => ({
  text: ders.map((der) => toPem(label, der)).join(''),
  where,
  isOpenToAll: false,
});
