/** What a server does of its own accord while it serves. */
import { hostname } from 'node:os';
import { startDeliveries, startRetention, type Deliveries } from '#audit';
import { BackupSchedule } from '#backup';
import type { ServerSettings } from '#contract';
import { databasePlace } from '#db';
import { startPruning } from '#http';
import type { Clock, Logger } from '#kernel';
import type { DeclaredPolicy } from '#policy';
import { startShredding } from '#vault';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';

interface Duties {
  readonly services: Pick<Services, 'audit' | 'database' | 'identity' | 'ledger' | 'policies' | 'users' | 'vault'>;
  /** The `kind: policy` documents as they are now. */
  readonly declared: () => readonly DeclaredPolicy[];
  readonly settings: ServerSettings;
  readonly dataDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}

/** Starts them all; `endings` stops them. Gives what carries the log to its receivers. */
export function startDuties(duties: Duties): Deliveries {
  const { services, log, endings } = duties;
  const deliveries = startAuditDuties(duties);
  const trail = services.audit;
  endings.add('ended secrets', startShredding({ secrets: services.vault.secrets, trail, log }));
  endings.add('kept answers of the API', startPruning({ database: services.database, clock: duties.clock, log }));
  startBackups(duties);
  startReviews(duties);
  return deliveries;
}

/** Right after a start the first requests have the processor for themselves. */
const WAKING_MS = 60_000;

/** Reviews of access that are due, looked for a while after the start. */
function startReviews({ services, declared, clock, log, endings }: Duties): void {
  const wake = async (): Promise<void> => {
    const { startDueReviews } = await import('./due-reviews.ts');
    endings.add('reviews of access that are due', await startDueReviews({ services, declared, clock, log }));
  };
  const waking = setTimeout(
    () => void wake().catch((error: unknown) => log.error({ err: error }, 'reviews of access cannot come due')),
    WAKING_MS,
  ).unref();
  endings.add('waking of reviews of access', () => clearTimeout(waking));
}

/** The log is carried to its receivers, and what is old in it forgotten. */
function startAuditDuties(duties: Duties): Deliveries {
  const { services, settings, version, clock, log, endings } = duties;
  const { audit } = services;
  const deliveries = startDeliveries({
    store: audit.store,
    settings: settings.audit,
    origin: { hostname: hostname(), processId: String(process.pid), version },
    open: (record) => audit.opened(record),
    clock,
    logger: log,
  });
  endings.add('deliveries of the audit log', () => deliveries.close());
  const stopRetention = startRetention({ log: audit, settings: settings.audit, logger: log });
  endings.add('retention of the audit log', stopRetention);
  const { keep } = settings.audit.retention;
  if (keep !== undefined) endings.add('what old decisions were about', forgettingDecisions(keep, duties));
  return deliveries;
}

/** What decisions were about goes with the records of them. */
function forgettingDecisions(keepMs: number, { services: { database }, clock, log }: Duties): () => Promise<void> {
  const stopping = import('#policy')
    .then(({ loadForgetting }) => loadForgetting())
    .then(({ startForgettingDecisions }) => startForgettingDecisions({ database, keepMs, clock, log }));
  stopping.catch((error: unknown) => log.error({ err: error }, 'what old decisions were about stays'));
  return async () => {
    const stop = await stopping.catch(() => undefined);
    await stop?.();
  };
}

/** Backups on their schedule, where one is set; each is on record. */
function startBackups({ services: { audit, ledger }, settings, dataDir, version, clock, log, endings }: Duties): void {
  if (settings.backup === undefined) return;
  const schedule = new BackupSchedule({
    settings: settings.backup,
    place: databasePlace(settings.database, dataDir),
    dataDirectory: dataDir,
    ledger,
    clock,
    log,
    version,
    async made({ bytes, manifest }) {
      await audit.append({
        class: 'administration',
        type: 'backup.created',
        door: 'system',
        actor: { kind: 'system', iss: 'chatelaine', sub: 'backup', name: 'backup' },
        action: 'create',
        object: { kind: 'backup', namespace: '', name: manifest.id },
        outcome: 'success',
        details: { bytes },
      });
    },
  });
  endings.add('backup', () => schedule.close());
}
