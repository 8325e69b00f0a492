import { replicaAddress, unsafeReplicaAddress, type ServerSettings } from '#contract';
import { openSiblings, type Metrics, type Siblings } from '#gateway';
import { readReplicaKey } from '#http';
import type { Clock, Logger } from '#kernel';
import { tlsClient, type ServerTls } from '#tls';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';

/**
 * The other servers on the same database, which hold what this one is asked about and the other way round; undefined
 * on SQLite, where there are none. This one is among them once it has joined. Throws as database and vault do.
 */
export async function servedSiblings(parts: {
  readonly services: Pick<Services, 'database' | 'vault'>;
  readonly settings: ServerSettings;
  readonly tls: ServerTls | undefined;
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): Promise<Siblings | undefined> {
  const { services, settings, tls, metrics, clock, log, endings } = parts;
  if (settings.database.type !== 'postgres') return undefined;
  const { database, vault } = services;
  const siblings = await openSiblings({
    ...{ database, clock, log },
    key: await readReplicaKey(database, vault.envelope),
    address: replicaAddress(settings, tls?.names() ?? []),
    refuseAddress: (address) => unsafeReplicaAddress(address, settings),
    tls: () => tlsClient(settings.replica.tls),
    count: (outcome) => metrics?.forwarded(outcome),
  });
  endings.add('place among the replicas', () => siblings.close());
  return siblings;
}
