import type { ServerSettings } from '#contract';
import type { Metrics } from '#gateway';
import { reveal, type Clock, type Logger } from '#kernel';
import { openClientTls, openServerTls, type ClientTls, type ServerTls } from '#tls';
import type { Endings } from '../endings.ts';

/** The TLS of the listeners that the settings ask for, open and following their files. */
export interface ListenerTls {
  readonly public: ServerTls | undefined;
  readonly agents: ClientTls | undefined;
  readonly all: readonly ServerTls[];
}

/** Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, which name the file and what is wrong with it. */
export async function openListenerTls(
  settings: Pick<ServerSettings, 'tls' | 'agentListener'>,
  surroundings: { clock: Clock; log: Logger; metrics: Metrics | undefined; endings: Endings },
): Promise<ListenerTls> {
  const { clock, log, metrics, endings } = surroundings;
  const { tls, agentListener } = settings;
  const followed = (listener: string) => ({
    clock,
    log,
    reloaded: (outcome: 'applied' | 'refused') => metrics?.certificatesReloaded(listener, outcome),
  });
  const open = async (field: 'tls' | 'agentListener', pair: ServerSettings['tls']): Promise<ServerTls | undefined> => {
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

  const ofPublic = await open('tls', tls);
  if (agentListener === undefined) return { public: ofPublic, agents: undefined, all: ofPublic ? [ofPublic] : [] };
  const { certificate, key, clientCa, trustDomain, crl } = agentListener;
  const own =
    certificate !== undefined && key !== undefined ? await open('agentListener', { certificate, key }) : ofPublic;
  // The schema refuses an agent listener without either.
  if (own === undefined) throw new Error('the agent listener has no certificate');
  const agents = await openClientTls({
    ...{ own, clientCa, trustDomain, crl, field: 'agentListener' },
    ...followed('agentListener'),
  });
  endings.add('authorities of agents', () => agents.close());
  return { public: ofPublic, agents, all: ofPublic === undefined ? [agents] : [ofPublic, agents] };
}
