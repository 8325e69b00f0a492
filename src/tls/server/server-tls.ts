import type { TLSSocket, TlsOptions } from 'node:tls';
import type { Clock, Logger } from '#kernel';
import { goLive } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { readCertificateChain, type ChainPlace } from './certificate-chain.ts';
import { ALPN, HANDSHAKE, HANDSHAKE_TIMEOUT_MS } from './handshake.ts';

/** What a listener needs in order to speak TLS, and what operators want to know of it. */
export interface ServerTls {
  /** For log, readiness and metrics: `tls`, `agentListener`. */
  readonly name: string;
  /** The options of now: all of them for a new server, and again for `setSecureContext` after a change. */
  options(): TlsOptions;
  /**
   * Calls `listener` when `options` give something else. `distrusts`: somebody was trusted until now, so
   * handshakes that have begun must not end.
   */
  onChange(listener: (change: { readonly distrusts: boolean }) => void): void;
  /** To be told of each connection when its handshake is over, where that is of interest. */
  accepted?(socket: TLSSocket): void;
  /** DNS names and addresses that the certificate is for, lower case, wildcards included. */
  names(): readonly string[];
  /** When the first certificate of the chain expires, in milliseconds since 1970. */
  notAfter(): number;
  /** `refused` while the files hold something else than what is in use, and it cannot be used. */
  state(): 'ok' | 'refused';
  /** Looks at the files at once. */
  look(): Promise<void>;
  close(): void;
}

export interface ServerTlsOptions extends ChainPlace {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every change of the files. */
  readonly reloaded?: (outcome: 'applied' | 'refused') => void;
}

/** The TLS of a listener by its certificate and key; throws `CERTIFICATE_UNUSABLE`. */
export async function openServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { certificate, key, field, clock, log, reloaded } = options;
  const live = await goLive({
    what: field,
    files: pathsAmong(certificate, key),
    load: () => readCertificateChain(options, clock.now()),
    log,
    ...(reloaded && { reloaded }),
  });
  const warn = (warnings: readonly string[]): void => {
    for (const warning of warnings) log.warn({ event: 'tls.warning', what: field }, warning);
  };
  warn(live.current().warnings);
  live.onChange((chain) => warn(chain.warnings));
  return {
    name: field,
    options() {
      const { cert, key: privateKey } = live.current();
      return { ...HANDSHAKE, ALPNProtocols: [...ALPN], handshakeTimeout: HANDSHAKE_TIMEOUT_MS, cert, key: privateKey };
    },
    onChange: (listener) => live.onChange(() => listener({ distrusts: false })),
    names: () => live.current().names,
    notAfter: () => live.current().notAfter,
    state: live.state,
    look: live.look,
    close: live.close,
  };
}
