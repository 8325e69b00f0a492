import type { Clock, Logger } from '#kernel';
import { goLive } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { ClientCertificates } from '../trust/client-certificates.ts';
import { readTrustBundle, type TrustPlace } from '../trust/trust-bundle.ts';
import type { ServerTls } from './server-tls.ts';

/** The TLS of a listener whose clients show certificates. */
export interface ClientTls extends ServerTls {
  readonly clients: ClientCertificates;
}

export interface ClientTlsOptions extends TrustPlace {
  /** The listener's own certificate and key; another listener may have the same. */
  readonly own: ServerTls;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reloaded?: (outcome: 'applied' | 'refused') => void;
}

/**
 * Adds client certificates to the TLS of a listener: the handshake demands one that chains to the bundle
 * (RFC 8446 §4.3.2), `clients` says afterwards who it is. Throws `TRUST_UNUSABLE`.
 */
export async function openClientTls(options: ClientTlsOptions): Promise<ClientTls> {
  const { own, trustDomain, clientCa, crl, field, clock, log, reloaded } = options;
  const bundle = await goLive({
    what: `${field}.clientCa`,
    files: pathsAmong(clientCa, crl),
    load: () => readTrustBundle(options, clock.now()),
    log,
    ...(reloaded && { reloaded }),
  });
  const clients = new ClientCertificates({ trustDomain, bundle: bundle.current, clock });
  return {
    name: field,
    clients,
    accepted: (socket) => clients.accept(socket),
    options: () => ({
      ...own.options(),
      ca: bundle.current().pem,
      requestCert: true,
      rejectUnauthorized: true,
    }),
    onChange(listener) {
      own.onChange(listener);
      bundle.onChange((next, before) => listener({ distrusts: !next.includes(before) }));
    },
    names: own.names,
    notAfter: own.notAfter,
    state: () => (own.state() === 'refused' || bundle.state() === 'refused' ? 'refused' : 'ok'),
    look: async () => void (await Promise.all([own.look(), bundle.look()])),
    close() {
      own.close();
      bundle.close();
    },
  };
}
