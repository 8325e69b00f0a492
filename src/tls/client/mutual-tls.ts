import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { id_kp_serverAuth } from '@peculiar/asn1-x509';
import type { Clock, Logger } from '#kernel';
import { goLive } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { readCertificateChain } from '../server/certificate-chain.ts';
import { HANDSHAKE } from '../server/handshake.ts';
import { readCertificate } from '../trust/read-certificate.ts';
import { readTrustBundle } from '../trust/trust-bundle.ts';

/** How we connect where both ends show certificates, with files that are followed. */
export interface MutualTls {
  /** What a connection is made with, as the files are now. */
  options(): ConnectionOptions;
  /** Calls `listener` when `options` give something else: connections that are open were made with what was. */
  onChange(listener: () => void): void;
  /** `refused` while the files hold something else than what is in use, and it cannot be used. */
  state(): 'ok' | 'refused';
  /** Looks at the files at once. */
  look(): Promise<void>;
  close(): void;
}

export interface MutualTlsOptions {
  /** Our certificate with its issuers, and its key: absolute paths, or PEM text. */
  readonly certificate: string;
  readonly key: string;
  /** The authorities that may vouch for the server, likewise. The system's are not asked. */
  readonly ca: string;
  /** The server is who has this SPIFFE ID; without it whoever has the host's name (RFC 9525). */
  readonly serverSpiffeId?: string | undefined;
  /** Where all of it stands in the configuration. */
  readonly field: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, which name the file and what is wrong with it. */
export async function openMutualTls(options: MutualTlsOptions): Promise<MutualTls> {
  const { certificate, key, ca, serverSpiffeId, field, clock, log } = options;
  const own = await goLive({
    what: field,
    files: pathsAmong(certificate, key),
    load: () => readCertificateChain({ certificate, key, field, presentedBy: 'client' }, clock.now()),
    log,
  });
  const trusted = await goLive({
    what: `${field}.ca`,
    files: pathsAmong(ca),
    load: () => readTrustBundle({ clientCa: ca, field, named: 'ca' }, clock.now()),
    log,
  });
  const both = [own, trusted] as const;
  return {
    options: () => ({
      ...{ minVersion: HANDSHAKE.minVersion, maxVersion: HANDSHAKE.maxVersion, ciphers: HANDSHAKE.ciphers },
      ...{ cert: own.current().cert, key: own.current().key, ca: [...trusted.current().pem], rejectUnauthorized: true },
      checkServerIdentity: serverSpiffeId === undefined ? checkServerIdentity : isServer(serverSpiffeId),
    }),
    onChange(listener) {
      own.onChange(listener);
      trusted.onChange(listener);
    },
    state: () => (both.some((one) => one.state() === 'refused') ? 'refused' : 'ok'),
    look: async () => void (await Promise.all(both.map((one) => one.look()))),
    close() {
      for (const one of both) one.close();
    },
  };
}

/** Checks that a server whose chain holds has exactly that identity (X509-SVID.md §5.2); its host is not looked at. */
const isServer =
  (expected: string) =>
  (_host: string, shown: PeerCertificate): Error | undefined => {
    const read = readCertificate(shown.raw);
    if (!read.ok) return new Error(`the server's certificate: ${read.error}`);
    const { uris, purposes, isAuthority } = read.value;
    if (isAuthority) return new Error('the server shows the certificate of an authority');
    if (purposes !== undefined && !purposes.includes(id_kp_serverAuth))
      return new Error("the server's certificate is not for servers");
    if (uris.length === 1 && uris[0] === expected) return undefined;
    return new Error(`the server is not \`${expected}\`: its certificate names ${named(uris)}`);
  };

const named = (uris: readonly string[]): string =>
  uris.length === 0 ? 'no SPIFFE ID' : uris.map((uri) => `\`${uri.slice(0, 200)}\``).join(' and ');
