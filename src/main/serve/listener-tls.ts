import type { MutualTlsSettings, ServerSettings } from '#contract';
import type { Metrics } from '#gateway';
import { reveal, type Clock, type Logger, type Secret } from '#kernel';
import { openClientTls, openServerTls, type ClientTls, type ClientTlsOptions, type ServerTls } from '#tls';
import type { Endings } from '../endings.ts';
import type { WorkloadApis } from '../services/index.ts';

/** The TLS of the listeners that the settings ask for, open and following their files and Workload APIs. */
export interface ListenerTls {
  readonly public: ServerTls | undefined;
  readonly agents: ClientTls | undefined;
  readonly internal: ClientTls | undefined;
  readonly all: readonly ServerTls[];
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly workloads: WorkloadApis;
  readonly metrics: Metrics | undefined;
  readonly endings: Endings;
}

/**
 * Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, which name the file and what is wrong with it, and what
 * Workload APIs answer: `WORKLOAD_API_NOWHERE`, `WORKLOAD_API_UNAVAILABLE`, `WORKLOAD_API_LACKS`.
 */
export async function openListenerTls(
  settings: Pick<ServerSettings, 'tls' | 'agentListener' | 'internalListener'>,
  surroundings: Surroundings,
): Promise<ListenerTls> {
  const opener = new ListenerTlsOpener(surroundings);
  const { tls, agentListener, internalListener } = settings;
  const ofPublic = tls && (await opener.own('tls', tls));
  const agents = agentListener && (await opener.mutual('agentListener', agentListener, ofPublic));
  const internal =
    internalListener && (await opener.mutual('internalListener', { ...internalListener, cutsRefused: true }, ofPublic));
  return {
    ...{ public: ofPublic, agents, internal },
    all: [ofPublic, agents, internal].filter((one) => one !== undefined),
  };
}

type OwnSettings = Pick<MutualTlsSettings, 'certificate' | 'key' | 'workloadApi'>;

class ListenerTlsOpener {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** By its own certificate alone. Undefined where the settings name none. */
  async own(field: string, settings: OwnSettings): Promise<ServerTls | undefined> {
    const { certificate, key, workloadApi } = settings;
    const from =
      certificate !== undefined && key !== undefined
        ? pair(certificate, key)
        : workloadApi && (await this.#surroundings.workloads.open(field, workloadApi));
    if (from === undefined) return undefined;
    const opened = await openServerTls({ ...from, field, ...this.#followed(field) });
    this.#surroundings.endings.add(`certificate of ${field}`, () => opened.close());
    return opened;
  }

  /** With clients that show certificates. `otherwise` is its own TLS where the settings name none. */
  async mutual(
    field: string,
    settings: MutualTlsSettings & Partial<Pick<ClientTlsOptions, 'federated' | 'cutsRefused'>>,
    otherwise: ServerTls | undefined,
  ): Promise<ClientTls> {
    const { clientCa, crl, trustDomain, workloadApi, federated = [], cutsRefused = false } = settings;
    const own = (await this.own(field, settings)) ?? otherwise;
    const trust =
      clientCa === undefined
        ? workloadApi && (await this.#surroundings.workloads.open(field, workloadApi))
        : { clientCa, crl };
    // The schema refuses settings without either.
    if (own === undefined || trust === undefined) throw new Error(`\`${field}\` has no certificate or trusts nobody`);
    const opened = await openClientTls({
      ...{ ...trust, own, trustDomain, federated, cutsRefused, field },
      ...this.#followed(field),
    });
    this.#surroundings.endings.add(`authorities of ${field}`, () => opened.close());
    return opened;
  }

  #followed(listener: string) {
    const { clock, log, metrics } = this.#surroundings;
    return {
      ...{ clock, log },
      reloaded: (outcome: 'applied' | 'refused') => metrics?.certificatesReloaded(listener, outcome),
    };
  }
}

const pair = (certificate: string, key: Secret) => ({ certificate, key: reveal(key) });
