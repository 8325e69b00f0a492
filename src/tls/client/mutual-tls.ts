import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { Clock, Logger } from '#kernel';
import { goLive } from '../live/live.ts';
import { pathsAmong } from '../pem.ts';
import { readCertificateChain, type CertificateChain } from '../server/certificate-chain.ts';
import { HANDSHAKE } from '../server/handshake.ts';
import type { MaybeOfWorkload } from '../server/server-tls.ts';
import { readTrustBundle, type TrustBundle } from '../trust/trust-bundle.ts';
import type { SvidChoice, WorkloadApi } from '../workload-api/index.ts';
import { isServer } from './server-identity.ts';
import { held, trusting, vouchingFor } from './workload-client.ts';

/** How we connect where both ends show certificates, with files or a Workload API that are followed. */
export interface MutualTls {
  /** What a connection is made with, as things are now. Throws `WORKLOAD_IDENTITY_LOST`. */
  options(): ConnectionOptions;
  /** Calls `listener` when `options` give something else: connections that are open were made with what was. */
  onChange(listener: () => void): void;
  /** `refused` while the files hold something else than what is in use, and it cannot be used; and while nothing is. */
  state(): 'ok' | 'refused';
  /** Looks at the files at once. */
  look(): Promise<void>;
  close(): void;
}

export interface MutualTlsOptions {
  /** Our certificate with its issuers, and its key: absolute paths, or PEM text. Without them `workloadApi` gives both. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /**
   * The authorities that may vouch for the server, likewise; the system's are not asked. Without them `workloadApi`
   * gives the bundle of the trust domain of `serverSpiffeId`.
   */
  readonly ca?: string | undefined;
  readonly workload?: { readonly workloadApi: WorkloadApi; readonly choice: SvidChoice } | undefined;
  /** The server is who has this SPIFFE ID; without it whoever has the host's name (RFC 9525). */
  readonly serverSpiffeId?: string | undefined;
  /** Where all of it stands in the configuration. */
  readonly field: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, which name the file and what is wrong with it, and `WORKLOAD_API_LACKS`. */
export async function openMutualTls(options: MutualTlsOptions): Promise<MutualTls> {
  const { serverSpiffeId, field } = options;
  const own = await ownOf(options);
  const trusted = await trustedOf(options);
  const both = [own, trusted] as const;
  return {
    options() {
      const { cert, key } = held(own.current(), field);
      return {
        ...{ minVersion: HANDSHAKE.minVersion, maxVersion: HANDSHAKE.maxVersion, ciphers: HANDSHAKE.ciphers },
        ...{ cert, key, ca: [...trusting(trusted.current(), field).pem], rejectUnauthorized: true },
        checkServerIdentity: serverSpiffeId === undefined ? checkServerIdentity : isServer(serverSpiffeId),
      };
    },
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

async function ownOf(options: MutualTlsOptions): Promise<MaybeOfWorkload<CertificateChain | undefined>> {
  const { certificate, key, workload, field, clock, log } = options;
  if (certificate !== undefined && key !== undefined)
    return await goLive<CertificateChain | undefined>({
      what: field,
      files: pathsAmong(certificate, key),
      load: () => readCertificateChain({ certificate, key, field, presentedBy: 'client' }, clock.now()),
      log,
    });
  if (workload === undefined) throw new Error(`\`${field}\` has no certificate`);
  return workload.workloadApi.certificate(field, workload.choice);
}

async function trustedOf(options: MutualTlsOptions): Promise<MaybeOfWorkload<TrustBundle>> {
  const { ca, workload, serverSpiffeId, field, clock, log } = options;
  if (ca !== undefined)
    return await goLive({
      what: `${field}.ca`,
      files: pathsAmong(ca),
      load: () => readTrustBundle({ clientCa: ca, field, named: 'ca' }, clock.now()),
      log,
    });
  if (workload === undefined || serverSpiffeId === undefined) throw new Error(`\`${field}\` trusts nobody`);
  return vouchingFor(workload.workloadApi, serverSpiffeId, field);
}
