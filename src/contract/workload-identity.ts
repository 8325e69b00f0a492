import type { checkServerIdentity } from 'node:tls';
import type { Secret } from '#kernel';
import type { WorkloadApiSettings } from './config/index.ts';

/** Who a SPIFFE Workload API says that we are, and whom it has us believe, at one moment. */
export interface WorkloadIdentity {
  /** Another text for anything else: connections of the one before are not for it. */
  readonly stamp: string;
  /** PEM: our X.509-SVID with its issuers. */
  readonly cert: string;
  readonly key: Secret;
  /** How a server is known that was named by its SPIFFE ID; undefined where its host's name is asked for. */
  readonly server: WorkloadServer | undefined;
}

export interface WorkloadServer {
  /** Who vouches for its trust domain, PEM. */
  readonly ca: readonly string[];
  /** In the place of the comparison with the host's name; to be asked in every handshake. */
  readonly check: typeof checkServerIdentity;
}

/** The way to identities for connections to others. */
export interface WorkloadIdentities {
  /**
   * What holds now; `field` names who asks, for messages. Waits for the first message of an address that was not asked
   * before. Rejects with catalogued errors of `tls` and `main`, also while what there was is lost.
   */
  now(field: string, wish: WorkloadWish): Promise<WorkloadIdentity>;
}

export interface WorkloadWish {
  readonly workloadApi: WorkloadApiSettings;
  /** Who the server must be. */
  readonly serverSpiffeId?: string | undefined;
}
