import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { err, ok, type Clock, type Result } from '#kernel';
import { readPeer, refuseUse, refuseValidity, type PeerIdentity, type PeerRefusal } from '../spiffe/peer-identity.ts';
import { clientCertificate, type ClientCertificate } from './client-certificate.ts';
import { readCertificate, type CertificateFacts } from './read-certificate.ts';
import { linkOf, type ChainLink, type TrustedBundles } from './trust-bundle.ts';

/** What was read of a connection's certificate, once. */
interface Presented {
  readonly identity: Result<PeerIdentity, PeerRefusal>;
  /** The certificate and how long it is valid, whoever it names. */
  readonly certificate: Result<ClientCertificate & Pick<CertificateFacts, 'notBefore' | 'notAfter'>, PeerRefusal>;
  readonly said: SaidByCertificate | undefined;
  readonly chain: readonly ChainLink[];
  /** Whom the handshake trusted, by trust domain. */
  readonly bundles: TrustedBundles;
}

/** What a certificate says, whether it counts or not: for the record, and to decide nothing by. */
export type SaidByCertificate = Pick<CertificateFacts, 'serial' | 'uris'>;

/** Who stands at the other end of a connection, by the certificate of its handshake. */
export class ClientCertificates {
  readonly #bundles: () => TrustedBundles;
  readonly #clock: Clock;
  readonly #presented = new WeakMap<TLSSocket, Presented>();
  readonly #open = new Set<TLSSocket>();

  /** `bundles`: of each trust domain the authorities that vouch for it, and for no other. */
  constructor(options: { bundles: () => TrustedBundles; clock: Clock }) {
    this.#bundles = options.bundles;
    this.#clock = options.clock;
  }

  /**
   * Reads what a connection showed in its handshake; to be called when that is over. `trusted` is whom the handshake
   * trusted, which is who was trusted when it began.
   */
  accept(socket: TLSSocket, trusted: TrustedBundles): void {
    this.#presented.set(socket, this.#read(socket, trusted));
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  /**
   * The peer of a connection whose handshake verified its chain. Asked at every request: the certificate
   * is read once, but whether it is still valid, trusted and not revoked is judged anew, since a
   * connection may stay open for days (INT-014).
   */
  identify(socket: TLSSocket): Result<PeerIdentity, PeerRefusal> {
    const presented = this.#presented.get(socket);
    if (presented === undefined) return err({ reason: 'unreadable', detail: 'its handshake was not seen' });
    const { identity } = presented;
    if (!identity.ok) return identity;
    const { trustDomain } = identity.value.spiffeId;
    return this.#unlessRefused(identity.value, presented, [trustDomain]);
  }

  /** The certificate of a connection, whatever it names; asked and judged likewise. */
  certificate(socket: TLSSocket): Result<ClientCertificate, PeerRefusal> {
    const presented = this.#presented.get(socket);
    if (presented === undefined) return err({ reason: 'unreadable', detail: 'its handshake was not seen' });
    const { certificate } = presented;
    return certificate.ok
      ? this.#unlessRefused(certificate.value, presented, [...presented.bundles.keys()])
      : certificate;
  }

  /** What the certificate of a connection says; undefined where it cannot be read. */
  said(socket: TLSSocket): SaidByCertificate | undefined {
    return this.#presented.get(socket)?.said;
  }

  /** Ends the open connections whose certificate does not count any more, whatever runs on them. */
  cutRefused(): void {
    for (const socket of this.#open) if (!this.certificate(socket).ok) socket.destroy();
  }

  /** Some of these domains vouch for it, now. */
  #unlessRefused<Value extends Pick<PeerIdentity, 'notBefore' | 'notAfter'>>(
    value: Value,
    { chain, bundles }: Presented,
    domains: readonly string[],
  ): Result<Value, PeerRefusal> {
    const now = this.#clock.now();
    const period = refuseValidity(value, now);
    if (period !== undefined) return err(period);
    const current = this.#bundles();
    let refusal: PeerRefusal = { reason: 'untrusted', detail: 'nobody vouches for its trust domain' };
    for (const domain of domains) {
      const [bundle, before] = [current.get(domain), bundles.get(domain)];
      const why = before && bundle?.refuse(chain, before, now, current.size > 1);
      if (bundle !== undefined && before !== undefined && why === undefined) return ok(value);
      refusal = why ?? refusal;
    }
    return err(refusal);
  }

  #read(socket: TLSSocket, bundles: TrustedBundles): Presented {
    const nobody = (reason: PeerRefusal['reason'], detail: string): Presented => ({
      identity: err({ reason, detail }),
      certificate: err({ reason, detail }),
      said: undefined,
      chain: [],
      bundles,
    });
    // The listener turns others away in the handshake; this holds should anybody ever open one that does not.
    if (!socket.authorized) return nobody('untrusted', 'the handshake did not verify it');
    const ders = dersOf(socket.getPeerCertificate(true));
    const [leaf] = ders;
    if (leaf === undefined) return nobody('unreadable', 'there is no certificate');
    const chain = linked(ders.map((der) => new X509Certificate(der))).map(linkOf);
    const facts = readCertificate(leaf);
    return {
      ...{ identity: readPeer(leaf, ...bundles.keys()), certificate: readLeaf(leaf), chain, bundles },
      said: facts.ok ? facts.value : undefined,
    };
  }
}

/**
 * The chain as far as each certificate is signed by the next. Node looks for issuers by name alone: of two
 * authorities that are called the same, one of a partner, it may show the one that did not sign (INT-010).
 */
function linked(chain: readonly X509Certificate[]): readonly X509Certificate[] {
  const broken = chain.findIndex((one, at) => at > 0 && chain[at - 1]?.verify(one.publicKey) !== true);
  return broken === -1 ? chain : chain.slice(0, broken);
}

function readLeaf(der: Buffer): Presented['certificate'] {
  const read = readCertificate(der);
  if (!read.ok) return err({ reason: 'unreadable', detail: read.error });
  const { serial, notBefore, notAfter } = read.value;
  const unfit = refuseUse(read.value);
  return unfit === undefined ? ok({ ...clientCertificate(der, serial), notBefore, notAfter }) : err(unfit);
}

/** The chain as far as Node shows it, leaf first; a root is its own issuer there. */
function dersOf(peer: DetailedPeerCertificate): readonly Buffer[] {
  const ders: Buffer[] = [];
  let one: DetailedPeerCertificate | undefined = peer;
  while (one?.raw !== undefined && !ders.some((der) => der.equals(one?.raw as Buffer))) {
    ders.push(one.raw);
    one = one.issuerCertificate;
  }
  return ders;
}
