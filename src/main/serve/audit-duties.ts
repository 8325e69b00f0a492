import { hostname } from 'node:os';
import { startDeliveries, startRetention, type AuditLog } from '#audit';
import type { ServerSettings } from '#contract';
import type { Clock, Logger } from '#kernel';
import type { Endings } from '../endings.ts';

/** What a server does with its audit log beside writing it: carries it to receivers, and forgets what is old. */
export function startAuditDuties(
  audit: AuditLog,
  settings: ServerSettings['audit'],
  given: { readonly version: string; readonly clock: Clock; readonly log: Logger; readonly endings: Endings },
): void {
  const { version, clock, log, endings } = given;
  const deliveries = startDeliveries({
    store: audit.store,
    settings,
    origin: { hostname: hostname(), processId: String(process.pid), version },
    open: (record) => audit.opened(record),
    clock,
    logger: log,
  });
  endings.add('deliveries of the audit log', () => deliveries.close());
  const stopRetention = startRetention({ log: audit, settings, logger: log });
  endings.add('retention of the audit log', stopRetention);
}
