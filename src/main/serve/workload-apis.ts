import type { WorkloadApiSettings } from '#contract';
import type { Clock, Logger } from '#kernel';
import { openWorkloadApi, type SvidChoice, type WorkloadApi } from '#tls';
import type { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';

/** Where a configuration gives no address (SPIFFE_Workload_Endpoint §4). */
const VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';

/** A Workload API and which of its identities is meant. */
export interface ChosenWorkload {
  readonly workloadApi: WorkloadApi;
  readonly choice: SvidChoice;
}

/** Opens Workload APIs, each address once: listeners that take of the same one share its stream. */
export class WorkloadApis {
  readonly #surroundings: { readonly clock: Clock; readonly log: Logger };
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #endings: Endings;
  readonly #opened = new Map<string, Promise<WorkloadApi>>();

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
    const opening = this.#opened.get(address) ?? this.#follow(address);
    this.#opened.set(address, opening);
    return { workloadApi: await opening, choice };
  }

  async #follow(endpoint: string): Promise<WorkloadApi> {
    const opened = await openWorkloadApi({ endpoint, ...this.#surroundings });
    this.#endings.add(`Workload API ${endpoint}`, () => opened.close());
    return opened;
  }
}
