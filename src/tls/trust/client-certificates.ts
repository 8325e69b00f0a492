import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { err, ok, type Clock, type Result } from '#kernel';
import { readPeer, refuseUse, refuseValidity, type PeerIdentity, type PeerRefusal } from '../spiffe/peer-identity.ts';
import { clientCertificate, type ClientCertificate } from './client-certificate.ts';
import { readCertificate, type CertificateFacts } from './read-certificate.ts';
import { linkOf, type ChainLink, type TrustBundle } from './trust-bundle.ts';

/** What was read of a connection's certificate, once. */
interface Presented {
  readonly identity: Result<PeerIdentity, PeerRefusal>;
  /** The certificate and how long it is valid, whoever it names. */
  readonly certificate: Result<ClientCertificate & Pick<CertificateFacts, 'notBefore' | 'notAfter'>, PeerRefusal>;
  readonly chain: readonly ChainLink[];
  /** Whom the handshake trusted. */
  readonly bundle: TrustBundle;
}

/** Who stands at the other end of a connection, by the certificate of its handshake. */
export class ClientCertificates {
  readonly #trustDomain: string;
  readonly #bundle: () => TrustBundle;
  readonly #clock: Clock;
  readonly #presented = new WeakMap<TLSSocket, Presented>();

  constructor(options: { trustDomain: string; bundle: () => TrustBundle; clock: Clock }) {
    this.#trustDomain = options.trustDomain;
    this.#bundle = options.bundle;
    this.#clock = options.clock;
  }

  /** Reads what a connection showed in its handshake; to be called when that is over. */
  accept(socket: TLSSocket): void {
    this.#presented.set(socket, this.#read(socket));
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
    return identity.ok ? this.#unlessRefused(identity.value, presented) : identity;
  }

  /** The certificate of a connection, whatever it names; asked and judged likewise. */
  certificate(socket: TLSSocket): Result<ClientCertificate, PeerRefusal> {
    const presented = this.#presented.get(socket);
    if (presented === undefined) return err({ reason: 'unreadable', detail: 'its handshake was not seen' });
    const { certificate } = presented;
    return certificate.ok ? this.#unlessRefused(certificate.value, presented) : certificate;
  }

  #unlessRefused<Value extends Pick<PeerIdentity, 'notBefore' | 'notAfter'>>(
    value: Value,
    { chain, bundle }: Presented,
  ): Result<Value, PeerRefusal> {
    const now = this.#clock.now();
    const refusal = refuseValidity(value, now) ?? this.#bundle().refuse(chain, bundle, now);
    return refusal === undefined ? ok(value) : err(refusal);
  }

  #read(socket: TLSSocket): Presented {
    const bundle = this.#bundle();
    const nobody = (reason: PeerRefusal['reason'], detail: string): Presented => ({
      identity: err({ reason, detail }),
      certificate: err({ reason, detail }),
      chain: [],
      bundle,
    });
    // The listener turns others away in the handshake; this holds should anybody ever open one that does not.
    if (!socket.authorized) return nobody('untrusted', 'the handshake did not verify it');
    const ders = dersOf(socket.getPeerCertificate(true));
    const [leaf] = ders;
    if (leaf === undefined) return nobody('unreadable', 'there is no certificate');
    const chain = ders.map((der) => linkOf(new X509Certificate(der)));
    return { identity: readPeer(leaf, this.#trustDomain), certificate: readLeaf(leaf), chain, bundle };
  }
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
