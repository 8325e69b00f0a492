import type { WorkloadApiSettings, WorkloadIdentities, WorkloadIdentity, WorkloadWish } from '#contract';
import type { Clock, Logger } from '#kernel';
import { openWorkloadApi, openWorkloadClient, type SvidChoice, type WorkloadApi, type WorkloadClient } from '#tls';
import type { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';

/** Where a configuration gives no address (SPIFFE_Workload_Endpoint §4). */
const VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';

/** A Workload API and which of its identities is meant. */
export interface ChosenWorkload {
  readonly workloadApi: WorkloadApi;
  readonly choice: SvidChoice;
}

/** Opens Workload APIs, each address once: whoever takes of the same one shares its stream. */
export class WorkloadApis implements WorkloadIdentities {
  readonly #surroundings: { readonly clock: Clock; readonly log: Logger };
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #endings: Endings;
  readonly #opened = new Map<string, Promise<WorkloadApi>>();
  readonly #clients = new Map<string, Promise<WorkloadClient>>();

  constructor(options: {
    clock: Clock;
    log: Logger;
    env: Readonly<Record<string, string | undefined>>;
    endings: Endings;
  }) {
    this.#surroundings = { clock: options.clock, log: options.log };
    this.#env = options.env;
    this.#endings = options.endings;
  }

  /** `field` names who asks. Throws `WORKLOAD_API_NOWHERE` and `WORKLOAD_API_UNAVAILABLE`. */
  async open(field: string, { endpoint, ...choice }: WorkloadApiSettings): Promise<ChosenWorkload> {
    const address = endpoint ?? this.#env[VARIABLE];
    if (address === undefined || address === '')
      throw mainError(
        'WORKLOAD_API_NOWHERE',
        `\`${field}.workloadApi\` has no \`endpoint\`, and \`${VARIABLE}\` is not set`,
      );
    const workloadApi = await keptUnlessFailed(this.#opened, address, () => this.#follow(address));
    return { workloadApi, choice };
  }

  async now(field: string, wish: WorkloadWish): Promise<WorkloadIdentity> {
    const key = JSON.stringify([field, wish]);
    return (await keptUnlessFailed(this.#clients, key, () => this.#client(field, wish))).now();
  }

  async #client(field: string, { workloadApi, serverSpiffeId }: WorkloadWish): Promise<WorkloadClient> {
    return await openWorkloadClient({ ...(await this.open(field, workloadApi)), serverSpiffeId, field });
  }

  async #follow(endpoint: string): Promise<WorkloadApi> {
    const opened = await openWorkloadApi({ endpoint, ...this.#surroundings });
    this.#endings.add(`Workload API ${endpoint}`, () => opened.close());
    return opened;
  }
}

/** One that did not come about may at the next try: an agent may start after us. */
function keptUnlessFailed<Value>(
  kept: Map<string, Promise<Value>>,
  key: string,
  open: () => Promise<Value>,
): Promise<Value> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const opening = open();
  kept.set(key, opening);
  opening.catch(() => kept.delete(key));
  return opening;
}
