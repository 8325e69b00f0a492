import { goLive, type Live } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { ClientCertificates } from '../trust/client-certificates.ts';
import { readTrustBundle, type TrustBundle, type TrustPlace } from '../trust/trust-bundle.ts';
import type { WorkloadApi, WorkloadState } from '../workload-api/index.ts';
import { followed, type MaybeOfWorkload, type ServerTls, type TlsSurroundings } from './server-tls.ts';

/** The TLS of a listener whose clients show certificates. */
export interface ClientTls extends ServerTls {
  readonly clients: ClientCertificates;
}

/** The bundle of the trust domain, as a Workload API gives it. */
export interface WorkloadTrust {
  readonly workloadApi: WorkloadApi;
  /** Who trusts it: `agentListener`. */
  readonly field: string;
}

export type ClientTlsOptions = TlsSurroundings &
  (TrustPlace | WorkloadTrust) & {
    /** The listener's own certificate and key; another listener may have the same. */
    readonly own: ServerTls;
    readonly trustDomain: string;
  };

/**
 * Adds client certificates to the TLS of a listener: the handshake demands one that chains to the bundle
 * (RFC 8446 §4.3.2), `clients` says afterwards who it is. Throws `TRUST_UNUSABLE` and `WORKLOAD_API_LACKS`.
 */
export async function openClientTls(options: ClientTlsOptions): Promise<ClientTls> {
  const { own, trustDomain, field, clock } = options;
  const bundle: MaybeOfWorkload<TrustBundle> =
    'workloadApi' in options
      ? followed(options.workloadApi.bundle(field, trustDomain), options)
      : await followFiles(options);
  const standings = [own.workloadApi, bundle.standing].filter((one) => one !== undefined);
  const clients = new ClientCertificates({ trustDomain, bundle: bundle.current, clock });
  return {
    name: field,
    clients,
    accepted: (socket) => clients.accept(socket),
    options: () => ({
      ...own.options(),
      ca: [...bundle.current().pem],
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
    ...(standings.length > 0 && { workloadApi: () => worstOf(standings.map((standing) => standing())) }),
    look: async () => void (await Promise.all([own.look(), bundle.look()])),
    close() {
      own.close();
      bundle.close();
    },
  };
}

const followFiles = (options: TlsSurroundings & TrustPlace): Promise<Live<TrustBundle>> =>
  goLive({
    what: `${options.field}.clientCa`,
    files: pathsAmong(options.clientCa, options.crl),
    load: () => readTrustBundle(options, options.clock.now()),
    log: options.log,
    ...(options.reloaded && { reloaded: options.reloaded }),
  });

const WORST_FIRST = ['lost', 'refused', 'away'] as const satisfies readonly WorkloadState[];

const worstOf = (states: readonly WorkloadState[]): WorkloadState =>
  WORST_FIRST.find((state) => states.includes(state)) ?? 'ok';
