import type { ServerSettings } from '#contract';
import type { Metrics } from '#gateway';
import { reveal, type Clock, type Logger } from '#kernel';
import { openClientTls, openServerTls, type ClientTls, type ServerTls } from '#tls';
import type { Endings } from '../endings.ts';

/** The TLS of the listeners that the settings ask for, open and following their files. */
export interface ListenerTls {
  readonly public: ServerTls | undefined;
  readonly agents: ClientTls | undefined;
  readonly internal: ClientTls | undefined;
  readonly all: readonly ServerTls[];
}

/** Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, which name the file and what is wrong with it. */
export async function openListenerTls(
  settings: Pick<ServerSettings, 'tls' | 'agentListener' | 'internalListener'>,
  surroundings: { clock: Clock; log: Logger; metrics: Metrics | undefined; endings: Endings },
): Promise<ListenerTls> {
  const { clock, log, metrics, endings } = surroundings;
  const { tls, agentListener, internalListener } = settings;
  const followed = (listener: string) => ({
    clock,
    log,
    reloaded: (outcome: 'applied' | 'refused') => metrics?.certificatesReloaded(listener, outcome),
  });
  const open = async (field: string, pair: ServerSettings['tls']): Promise<ServerTls | undefined> => {
    if (pair === undefined) return undefined;
    const opened = await openServerTls({
      certificate: pair.certificate,
      key: reveal(pair.key),
      field,
      ...followed(field),
    });
    endings.add(`certificate of ${field}`, () => opened.close());
    return opened;
  };
  /** Of a listener whose clients show certificates: its own certificate where it has one, else that of `tls`. */
  const openFor = async (
    field: string,
    { certificate, key, ...trust }: NonNullable<ServerSettings['agentListener'] | ServerSettings['internalListener']>,
    cutsRefused: boolean,
  ): Promise<ClientTls> => {
    const own = certificate !== undefined && key !== undefined ? await open(field, { certificate, key }) : ofPublic;
    // The schema refuses such a listener without either.
    if (own === undefined) throw new Error(`\`${field}\` has no certificate`);
    const opened = await openClientTls({ ...trust, own, field, cutsRefused, ...followed(field) });
    endings.add(`authorities of ${field}`, () => opened.close());
    return opened;
  };

  const ofPublic = await open('tls', tls);
  const agents = agentListener && (await openFor('agentListener', agentListener, false));
  const internal = internalListener && (await openFor('internalListener', internalListener, true));
  return {
    ...{ public: ofPublic, agents, internal },
    all: [ofPublic, agents, internal].filter((one) => one !== undefined),
  };
}
