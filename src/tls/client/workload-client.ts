import type { WorkloadIdentity } from '#contract';
import { Secret } from '#kernel';
import { tlsError } from '../errors.ts';
import type { CertificateChain } from '../server/certificate-chain.ts';
import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import { TrustBundle } from '../trust/trust-bundle.ts';
import type { SvidChoice, WorkloadApi, WorkloadLive } from '../workload-api/index.ts';
import { isServer } from './server-identity.ts';

export interface WorkloadClientOptions {
  readonly workloadApi: WorkloadApi;
  readonly choice: SvidChoice;
  /** Who the server must be; without it the Workload API says who we are, and nothing of servers. */
  readonly serverSpiffeId?: string | undefined;
  /** Who connects, for messages. */
  readonly field: string;
}

/** Who we are towards others, as a Workload API says it now. */
export interface WorkloadClient {
  /** Throws `WORKLOAD_IDENTITY_LOST`. */
  now(): WorkloadIdentity;
}

/** Throws `WORKLOAD_API_LACKS`. */
export function openWorkloadClient(options: WorkloadClientOptions): WorkloadClient {
  const { workloadApi, choice, serverSpiffeId, field } = options;
  const own = workloadApi.certificate(field, choice);
  const trusted = serverSpiffeId === undefined ? undefined : vouchingFor(workloadApi, serverSpiffeId, field);
  const check = serverSpiffeId === undefined ? undefined : isServer(serverSpiffeId);
  return {
    now() {
      const chain = held(own.current(), field);
      const bundle = trusted && trusting(trusted.current(), field);
      return {
        stamp: `${numberOf(chain)} ${bundle === undefined ? '' : numberOf(bundle)}`,
        cert: chain.cert,
        key: new Secret(chain.key),
        server: bundle && check && { ca: bundle.pem, check },
      };
    },
  };
}

/** The bundle of the trust domain of a server, federated ones among it: each vouches for its own domain alone. */
export function vouchingFor(workloadApi: WorkloadApi, spiffeId: string, field: string): WorkloadLive<TrustBundle> {
  const id = parseSpiffeId(spiffeId);
  if (!id.ok) throw tlsError('TRUST_UNUSABLE', `\`${field}.serverSpiffeId\` has ${id.error}`);
  return workloadApi.bundle(field, id.value.trustDomain);
}

/** What there is to show. Without it nobody connects: a certificate that was taken back may still be taken by some. */
export function held(chain: CertificateChain | undefined, field: string): CertificateChain {
  if (chain === undefined) throw lost(field, 'certificate');
  return chain;
}

export function trusting(bundle: TrustBundle, field: string): TrustBundle {
  if (bundle === TrustBundle.nobody) throw lost(field, 'bundle');
  return bundle;
}

const lost = (field: string, what: string) =>
  tlsError('WORKLOAD_IDENTITY_LOST', `\`${field}\` has no ${what} any more that the Workload API gave it`);

let last = 0;
const numbers = new WeakMap<object, number>();

/** What a message gives is one object as long as it holds. */
function numberOf(material: object): number {
  let known = numbers.get(material);
  if (known === undefined) numbers.set(material, (known = ++last));
  return known;
}
