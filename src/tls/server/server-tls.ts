import type { TLSSocket, TlsOptions } from 'node:tls';
import type { Clock, Logger } from '#kernel';
import { goLive, type Live } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import type { SvidChoice, WorkloadApi, WorkloadLive, WorkloadState } from '../workload-api/index.ts';
import { readCertificateChain, type CertificateChain, type ChainPlace } from './certificate-chain.ts';
import type { TrustedBundles } from '../trust/trust-bundle.ts';
import { ALPN, HANDSHAKE, HANDSHAKE_TIMEOUT_MS } from './handshake.ts';

/** What a listener needs in order to speak TLS, and what operators want to know of it. */
export interface ServerTls {
  /** For log, readiness and metrics: `tls`, `agentListener`. */
  readonly name: string;
  /** The options of now: all of them for a new server, and again for `setSecureContext` after a change. */
  options(): TlsOptions;
  /**
   * Calls `listener` when `options` give something else. `isLost`: there is nothing left to show, so handshakes that
   * have begun must not end.
   */
  onChange(listener: (change: { readonly isLost: boolean }) => void): void;
  /** Whom a handshake trusts that begins now, where clients show certificates. */
  trusted?(): TrustedBundles;
  /**
   * To be told of each connection when its handshake is over, where that is of interest, with whom it trusted when it
   * began: who is not trusted any more since then must not come in by it.
   */
  accepted?(socket: TLSSocket, trusted: TrustedBundles): void;
  /** DNS names and addresses that the certificate is for, lower case, wildcards included. */
  names(): readonly string[];
  /** When the first certificate of the chain expires, in milliseconds since 1970. */
  notAfter(): number;
  /** `refused` while the files hold something else than what is in use, and it cannot be used. */
  state(): 'ok' | 'refused';
  /** How the Workload API stands that gives some of it, where one does. While it is lost nobody gets in. */
  workloadApi?(): WorkloadState;
  /** Looks at the files at once. */
  look(): Promise<void>;
  close(): void;
}

export interface TlsSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every change of the files, or of what the Workload API gives. */
  readonly reloaded?: (outcome: 'applied' | 'refused') => void;
}

/** A certificate that a Workload API gives. */
export interface WorkloadCertificate {
  readonly workloadApi: WorkloadApi;
  readonly choice?: SvidChoice;
  /** Who shows it: `tls`, `agentListener`. */
  readonly field: string;
}

export type ServerTlsOptions = TlsSurroundings & (ChainPlace | WorkloadCertificate);

/**
 * The TLS of a listener by its certificate and key. Throws `CERTIFICATE_UNUSABLE`, and `WORKLOAD_API_LACKS`.
 *
 * A certificate that was lost leaves nothing to shake hands with: better than one that has expired or was taken
 * back, which some client may still accept.
 */
export async function openServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { field, log } = options;
  const live: MaybeOfWorkload<CertificateChain | undefined> =
    'workloadApi' in options
      ? followed(options.workloadApi.certificate(field, options.choice), options)
      : await followFiles(options);
  let known = live.current();
  const warn = (chain: CertificateChain | undefined): void => {
    for (const warning of chain?.warnings ?? []) log.warn({ event: 'tls.warning', what: field }, warning);
  };
  warn(known);
  live.onChange((chain) => {
    known = chain ?? known;
    warn(chain);
  });
  return {
    name: field,
    options() {
      const chain = live.current();
      return {
        ...HANDSHAKE,
        ALPNProtocols: [...ALPN],
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        ...(chain && { cert: chain.cert, key: chain.key }),
      };
    },
    onChange: (listener) => live.onChange((chain) => listener({ isLost: chain === undefined })),
    names: () => known?.names ?? [],
    notAfter: () => known?.notAfter ?? 0,
    state: live.state,
    ...(live.standing && { workloadApi: live.standing }),
    look: live.look,
    close: live.close,
  };
}

const followFiles = (options: TlsSurroundings & ChainPlace): Promise<Live<CertificateChain>> =>
  goLive({
    what: options.field,
    files: pathsAmong(options.certificate, options.key),
    load: () => readCertificateChain(options, options.clock.now()),
    log: options.log,
    ...(options.reloaded && { reloaded: options.reloaded }),
  });

/** What files hold, or what a Workload API gives; that alone has a standing. */
export type MaybeOfWorkload<Value> = Live<Value> & Partial<Pick<WorkloadLive<Value>, 'standing'>>;

/** Counts what a Workload API gives as the files are counted. */
export function followed<Value>(
  live: WorkloadLive<Value>,
  { reloaded }: Pick<TlsSurroundings, 'reloaded'>,
): WorkloadLive<Value> {
  if (reloaded !== undefined) live.onNews(reloaded);
  return live;
}
