import type { AuditSettings } from '#contract';
import type { AuditStore } from '../store/store.ts';
import { CheckpointFeed, RecordFeed, type Feed } from './feed.ts';

/** How far a receiver has got, whoever sends to it. */
export interface DeliveryStanding {
  readonly name: string;
  /** Items that it does not have yet. */
  readonly behind: number;
  /** When the first of those was made, milliseconds. */
  readonly waitingSince: number | undefined;
}

/** How far each receiver has got, as it lies in the log: for who looks from beside the process that sends. */
export async function readStandings(
  store: AuditStore,
  { anchors, exports }: Pick<AuditSettings, 'anchors' | 'exports'>,
): Promise<readonly DeliveryStanding[]> {
  const standings: DeliveryStanding[] = [];
  for (const { name } of anchors) {
    standings.push(await standingOf(store, name, new CheckpointFeed(store), ({ body }) => body.time));
  }
  for (const { name } of exports) {
    const feed = new RecordFeed(store, () => undefined);
    standings.push(await standingOf(store, name, feed, ({ record }) => record.time));
  }
  return standings;
}

async function standingOf<Item>(
  store: AuditStore,
  name: string,
  feed: Feed<Item>,
  timeOf: (item: Item) => string,
): Promise<DeliveryStanding> {
  try {
    const place = await store.cursorOf(name);
    const times = ((await feed.next(place))?.items ?? []).map((item) => Date.parse(timeOf(item)));
    return {
      name,
      behind: await feed.behind(place),
      waitingSince: times.length === 0 ? undefined : Math.min(...times),
    };
  } finally {
    await feed.close();
  }
}
