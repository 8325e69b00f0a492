import type { Clock, Logger } from '#kernel';
import type { AuditRecord, AuditSettings } from '#contract';
import { openAnchor } from '../anchor/open-anchor.ts';
import type { AuditStore } from '../store/store.ts';
import { Delivery, type DeliveryStatus, type DeliveryTimes } from './delivery.ts';
import { CheckpointFeed, RecordFeed } from './feed.ts';
import { openExport, type ExportOrigin } from './open-export.ts';

export interface DeliveriesOptions {
  readonly store: AuditStore;
  readonly settings: Pick<AuditSettings, 'anchors' | 'exports'>;
  readonly origin: ExportOrigin;
  /** The record with its personal fields; `AuditLog.opened`. */
  readonly open: (record: AuditRecord) => Promise<AuditRecord>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly times?: Partial<DeliveryTimes>;
}

export interface Deliveries {
  /** How each receiver stands, for metrics and reports. */
  status(): Promise<readonly DeliveryStatus[]>;
  /** Ends after what is under way. Before the log is closed. */
  close(): Promise<void>;
}

/**
 * Begins to carry checkpoints to their anchors and records to their receivers, each on its own: one
 * that is away does not hold up another. Of several processes one sends to a receiver; another takes
 * over when it is gone.
 */
export function startDeliveries({
  store,
  settings,
  origin,
  open,
  clock,
  logger,
  times = {},
}: DeliveriesOptions): Deliveries {
  const common = { store, clock, logger, times };
  const anchors = settings.anchors.map(
    (anchor) =>
      new Delivery({
        ...common,
        name: anchor.name,
        feed: new CheckpointFeed(store),
        sink: openAnchor(anchor, clock, origin),
      }),
  );
  const exports = settings.exports.map((receiver) => {
    const onFault = (writer: string, message: string): void =>
      logger.error(
        { receiver: receiver.name, writer },
        `audit: a chain cannot be exported any further: ${message}; run \`chatelaine audit verify\``,
      );
    return new Delivery({
      ...common,
      name: receiver.name,
      feed: new RecordFeed(store, onFault),
      sink: openExport(receiver, origin, open),
    });
  });
  return {
    status: () => Promise.all([...anchors, ...exports].map((delivery) => delivery.status())),
    close: async () => {
      await Promise.all([...anchors, ...exports].map((delivery) => delivery.close()));
    },
  };
}
