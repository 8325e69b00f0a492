/**
 * tls: certificates, keys, and who they say somebody is.
 *
 * Owns what our listeners speak (`server/handshake.ts`: TLS 1.3 and nothing else), reading and checking
 * their certificates (`server/`), following the files when they are replaced (`live/`), SPIFFE IDs and
 * the identity in a client's certificate (`spiffe/`), whom to trust and whom no more (`trust/`), how we
 * connect to receivers and key services (`client/`), certificates and bundles from a SPIFFE Workload API in the
 * place of files (`workload-api/`), and the small certificate authority for those who have none (`ca/`). Does
 * not own: sockets (gateway), which workload is which agent (identity, behind the port `AgentsBySpiffeId`), TLS
 * towards databases and sources (`db`, `toolbox`).
 *
 * Specifications: RFC 8446 (TLS 1.3), RFC 5280 (certificates and revocation lists), RFC 7468 (PEM),
 * RFC 9525 (names of servers), SPIFFE-ID, X509-SVID and the SPIFFE Workload API.
 *
 * Reading DER takes a library that a server without client certificates never needs: what uses it is
 * loaded on first use.
 */
import type { MutualTls, MutualTlsOptions } from './client/mutual-tls.ts';
import type { WorkloadClient, WorkloadClientOptions } from './client/workload-client.ts';
import type { ClientTls, ClientTlsOptions } from './server/client-tls.ts';
import type { WorkloadApi, WorkloadApiOptions } from './workload-api/index.ts';

export {
  isTrustDomain,
  parseSpiffeId,
  printSpiffeId,
  type SpiffeId,
  type SpiffeIdRefusal,
} from './spiffe/spiffe-id.ts';
export { tlsClient } from './client/tls-client.ts';
export { openServerTls, type ServerTls, type ServerTlsOptions } from './server/server-tls.ts';
export type { TrustedBundles } from './trust/trust-bundle.ts';
export type { PeerIdentity, PeerRefusal } from './spiffe/peer-identity.ts';
export type { CertificateNameKind, ClientCertificate } from './trust/client-certificate.ts';
export type { ClientCertificates, SaidByCertificate } from './trust/client-certificates.ts';
export type {
  ClientTls,
  ClientTlsOptions,
  MutualTls,
  MutualTlsOptions,
  WorkloadApi,
  WorkloadApiOptions,
  WorkloadClient,
};
export type { SvidChoice, WorkloadLive, WorkloadState } from './workload-api/index.ts';
export type {
  Authority,
  AuthorityRequest,
  Issued,
  IssuedCertificate,
  KnownAuthority,
  LeafPurpose,
  LeafRequest,
  RotationStep,
} from './ca/index.ts';
export { pemBlocks, type PemBlock } from './pem.ts';
export { HANDSHAKE, HANDSHAKE_TIMEOUT_MS, ALPN } from './server/handshake.ts';

/** The TLS of a listener whose clients show certificates; throws `TRUST_UNUSABLE`. */
export const openClientTls = async (options: ClientTlsOptions): Promise<ClientTls> =>
  (await import('./server/client-tls.ts')).openClientTls(options);

/** A SPIFFE Workload API, followed; throws `WORKLOAD_API_UNAVAILABLE`. */
export const openWorkloadApi = async (options: WorkloadApiOptions): Promise<WorkloadApi> =>
  (await import('./workload-api/index.ts')).openWorkloadApi(options);

/** Who we are towards others, by a Workload API that is open; throws `WORKLOAD_API_LACKS`. */
export const openWorkloadClient = async (options: WorkloadClientOptions): Promise<WorkloadClient> =>
  (await import('./client/workload-client.ts')).openWorkloadClient(options);

/** How we connect where both ends show certificates; throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`. */
export const openMutualTls = async (options: MutualTlsOptions): Promise<MutualTls> =>
  (await import('./client/mutual-tls.ts')).openMutualTls(options);

/** The certificate authority as it is loaded: what issues and reads certificates. */
export type CertificateAuthority = Awaited<ReturnType<typeof loadCertificateAuthority>>;

/** The certificate authority behind `chatelaine ca`. */
export const loadCertificateAuthority = () => import('./ca/index.ts');
