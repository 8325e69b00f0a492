import { tlsError } from '../errors.ts';
import { goLive, type Live } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { ClientCertificates } from '../trust/client-certificates.ts';
import { readTrustBundle, type TrustBundle, type TrustPlace } from '../trust/trust-bundle.ts';
import type { WorkloadApi, WorkloadState } from '../workload-api/index.ts';
import { followed, type MaybeOfWorkload, type ServerTls, type TlsSurroundings } from './server-tls.ts';

type OfHandshakes = 'trusted' | 'accepted';

/** The TLS of a listener whose clients show certificates. */
export interface ClientTls extends Omit<ServerTls, OfHandshakes>, Required<Pick<ServerTls, OfHandshakes>> {
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
    /** Trust domains of partners: each has authorities of its own, which vouch for nobody else. */
    readonly federated?: readonly (Omit<TrustPlace, 'field'> & { readonly trustDomain: string })[];
    /** Open connections end when their certificate comes to be refused; without it their next request is. */
    readonly cutsRefused?: boolean;
  };

type LiveBundle = MaybeOfWorkload<TrustBundle>;

/**
 * Adds client certificates to the TLS of a listener: the handshake demands one that chains to a bundle
 * (RFC 8446 §4.3.2), `clients` says afterwards who it is. Throws `TRUST_UNUSABLE` and `WORKLOAD_API_LACKS`.
 */
export async function openClientTls(options: ClientTlsOptions): Promise<ClientTls> {
  const { own, trustDomain, federated = [], cutsRefused = false, field, clock } = options;
  const live = new Map<string, LiveBundle>();
  const opened = (place: TrustPlace, of: string): Promise<LiveBundle> =>
    followFiles(place, options, () => [...live].filter(([other]) => other !== of));
  live.set(
    trustDomain,
    'workloadApi' in options
      ? followed(options.workloadApi.bundle(field, trustDomain), options)
      : await opened(options, trustDomain),
  );
  for (const [at, one] of federated.entries())
    live.set(one.trustDomain, await opened({ ...one, field: `${field}.federated[${at}]` }, one.trustDomain));
  const all = [...live.values()];
  const standings = [own.workloadApi, ...all.map((one) => one.standing)].filter((one) => one !== undefined);
  const current = (): ReadonlyMap<string, TrustBundle> =>
    new Map(Array.from(live, ([domain, bundle]) => [domain, bundle.current()]));
  let bundles = current();
  for (const bundle of all) bundle.onChange(() => (bundles = current()));
  const clients = new ClientCertificates({ bundles: () => bundles, clock });
  if (cutsRefused) for (const bundle of all) bundle.onChange(() => clients.cutRefused());
  return {
    name: field,
    clients,
    trusted: () => bundles,
    accepted(socket, trusted) {
      clients.accept(socket, trusted);
      // Nobody was cut for what changed while it shook hands.
      if (cutsRefused && trusted !== bundles) clients.cutRefused();
    },
    options: () => ({
      ...own.options(),
      ca: all.flatMap((bundle) => bundle.current().pem),
      requestCert: true,
      rejectUnauthorized: true,
    }),
    onChange(listener) {
      own.onChange(listener);
      for (const bundle of all) bundle.onChange(() => listener({ isLost: false }));
    },
    names: own.names,
    notAfter: own.notAfter,
    state: () => ([own, ...all].some((one) => one.state() === 'refused') ? 'refused' : 'ok'),
    ...(standings.length > 0 && { workloadApi: () => worstOf(standings.map((standing) => standing())) }),
    look: async () => void (await Promise.all([own, ...all].map((one) => one.look()))),
    close() {
      for (const one of [own, ...all]) one.close();
    },
  };
}

/** A bundle that follows its files. */
const followFiles = (
  place: TrustPlace,
  { clock, log, reloaded }: TlsSurroundings,
  others: () => readonly (readonly [trustDomain: string, Live<TrustBundle>])[],
): Promise<Live<TrustBundle>> =>
  goLive({
    what: `${place.field}.clientCa`,
    files: pathsAmong(place.clientCa, place.crl),
    load() {
      const bundle = readTrustBundle(place, clock.now());
      for (const [trustDomain, other] of others()) refuseSameNames(place, bundle, trustDomain, other.current());
      return bundle;
    },
    log,
    ...(reloaded && { reloaded }),
  });

/** In a handshake issuers are looked for by name: a partner whose authority is called as ours would stand before it. */
function refuseSameNames({ field }: TrustPlace, bundle: TrustBundle, trustDomain: string, other: TrustBundle): void {
  const same = [...bundle.subjects].find((subject) => other.subjects.has(subject));
  if (same === undefined) return;
  throw tlsError(
    'TRUST_UNUSABLE',
    `\`${field}.clientCa\`: an authority of the trust domain \`${trustDomain}\` is called \`${same}\` too; each vouches for its own domain, and has to have its own name`,
  );
}

const WORST_FIRST = ['lost', 'refused', 'away'] as const satisfies readonly WorkloadState[];

const worstOf = (states: readonly WorkloadState[]): WorkloadState =>
  WORST_FIRST.find((state) => states.includes(state)) ?? 'ok';
