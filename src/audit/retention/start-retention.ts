import { startRecurring, type Logger } from '#kernel';
import type { AuditSettings } from '#contract';
import type { AuditLog } from '../audit-log.ts';

/** Often enough that what is a day too old is gone within the day. */
const EVERY_MS = 3_600_000;

export interface RetentionOptions {
  readonly log: Pick<AuditLog, 'retain'>;
  readonly settings: Pick<AuditSettings, 'exports' | 'retention'>;
  readonly logger: Logger;
  readonly everyMs?: number;
}

/**
 * Removes what is older than the settings keep, now and every hour; nothing where they keep all. A run
 * that fails is logged, and the next does its work. Several processes may do so at once: one of them
 * makes the checkpoint. Gives how to stop it, which resolves when no run is under way.
 */
export function startRetention({ log, settings, logger, everyMs = EVERY_MS }: RetentionOptions): () => Promise<void> {
  const { keep } = settings.retention;
  if (keep === undefined) return () => Promise.resolve();
  const exports = settings.exports.map(({ name }) => name);
  const remove = async (): Promise<void> => {
    const removed = await log.retain(keep, exports);
    if (removed > 0) logger.info({ removed }, 'audit: records that were kept long enough are removed');
  };
  return startRecurring(remove, {
    everyMs,
    failed: (error) => logger.error({ err: error }, 'audit: records that were kept long enough could not be removed'),
  });
}
