import type { Clock, Logger } from '#kernel';
import { tlsError } from '../errors.ts';
import { goLive, type Live } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { ClientCertificates } from '../trust/client-certificates.ts';
import { readTrustBundle, type TrustBundle, type TrustPlace } from '../trust/trust-bundle.ts';
import type { ServerTls } from './server-tls.ts';

/** The TLS of a listener whose clients show certificates. */
export interface ClientTls extends ServerTls {
  readonly clients: ClientCertificates;
}

export interface ClientTlsOptions extends TrustPlace {
  /** The listener's own certificate and key; another listener may have the same. */
  readonly own: ServerTls;
  readonly trustDomain: string;
  /** Trust domains of partners: each has authorities of its own, which vouch for nobody else. */
  readonly federated?: readonly (Omit<TrustPlace, 'field'> & { readonly trustDomain: string })[];
  /** Open connections end when their certificate comes to be refused; without it their next request is. */
  readonly cutsRefused?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reloaded?: (outcome: 'applied' | 'refused') => void;
}

/**
 * Adds client certificates to the TLS of a listener: the handshake demands one that chains to a bundle
 * (RFC 8446 §4.3.2), `clients` says afterwards who it is. Throws `TRUST_UNUSABLE`.
 */
export async function openClientTls(options: ClientTlsOptions): Promise<ClientTls> {
  const { own, federated = [], cutsRefused = false, field, clock } = options;
  const live = new Map<string, Live<TrustBundle>>();
  const places = [options, ...federated.map((one, at) => ({ ...one, field: `${field}.federated[${at}]` }))];
  for (const place of places) {
    const others = () => [...live].filter(([trustDomain]) => trustDomain !== place.trustDomain);
    live.set(place.trustDomain, await follow(place, options, others));
  }
  const all = [...live.values()];
  const current = (): ReadonlyMap<string, TrustBundle> =>
    new Map(Array.from(live, ([trustDomain, bundle]) => [trustDomain, bundle.current()]));
  let bundles = current();
  for (const bundle of all) bundle.onChange(() => (bundles = current()));
  const clients = new ClientCertificates({ bundles: () => bundles, clock });
  if (cutsRefused) for (const bundle of all) bundle.onChange(() => clients.cutRefused());
  return {
    name: field,
    clients,
    accepted: (socket) => clients.accept(socket),
    options: () => ({
      ...own.options(),
      ca: all.map((bundle) => bundle.current().pem).join(''),
      requestCert: true,
      rejectUnauthorized: true,
    }),
    onChange(listener) {
      own.onChange(listener);
      for (const bundle of all) bundle.onChange((next, before) => listener({ distrusts: !next.includes(before) }));
    },
    names: own.names,
    notAfter: own.notAfter,
    state: () => ([own, ...all].some((one) => one.state() === 'refused') ? 'refused' : 'ok'),
    look: async () => void (await Promise.all([own, ...all].map((one) => one.look()))),
    close() {
      for (const one of [own, ...all]) one.close();
    },
  };
}

/** A bundle that follows its files. */
function follow(
  place: TrustPlace,
  { clock, log, reloaded }: ClientTlsOptions,
  others: () => readonly (readonly [trustDomain: string, Live<TrustBundle>])[],
): Promise<Live<TrustBundle>> {
  return goLive({
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
}

/** In a handshake issuers are looked for by name: a partner whose authority is called as ours would stand before it. */
function refuseSameNames({ field }: TrustPlace, bundle: TrustBundle, trustDomain: string, other: TrustBundle): void {
  const same = [...bundle.subjects].find((subject) => other.subjects.has(subject));
  if (same === undefined) return;
  throw tlsError(
    'TRUST_UNUSABLE',
    `\`${field}.clientCa\`: an authority of the trust domain \`${trustDomain}\` is called \`${same}\` too; each vouches for its own domain, and has to have its own name`,
  );
}
