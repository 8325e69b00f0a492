import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { BackupSettings } from '#contract';
import { parseRecipient } from '../archive/keys.ts';
import { createBackup, type BackupSource, type CreatedBackup } from './create-backup.ts';
import { deleteOldest, listBackups } from './folder.ts';

const RETRY_MS = 10 * 60_000;
/** After another server was at it. */
const BUSY_MS = 30_000;
/** The longest that a timer can be set for. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface ScheduleParts extends BackupSource {
  readonly settings: BackupSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Told of each backup, for the audit; a failure of it is logged. */
  readonly made?: ((backup: CreatedBackup) => Promise<void>) | undefined;
}

/**
 * Backups while a server runs. The next is due so long after the newest that lies in the folder,
 * whoever made it: restarts make none too many, and of several servers on one folder one makes it.
 */
export class BackupSchedule {
  readonly #parts: ScheduleParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#arm(this.#dueIn());
  }

  /** Resolves when a backup that is being made is done. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #dueIn(): number {
    const { settings, clock } = this.#parts;
    try {
      const newest = listBackups(settings.folder)[0]?.at ?? -Infinity;
      return Math.max(0, newest + settings.every - clock.now());
    } catch {
      // Due, and making it says what is wrong with the folder.
      return 0;
    }
  }

  #arm(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(
      () => {
        const due = this.#dueIn();
        if (due > 0) return this.#arm(due);
        this.#running = this.#make().finally(() => (this.#running = undefined));
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    this.#timer.unref();
  }

  async #make(): Promise<void> {
    const { settings, log, made } = this.#parts;
    try {
      const backup = await createBackup({
        ...this.#parts,
        folder: settings.folder,
        recipient: parseRecipient(settings.recipient),
        stillWanted: () => this.#dueIn() === 0,
      });
      const deleted = deleteOldest(settings.folder, settings.keep);
      log.info({ event: 'backup.created', file: backup.file, bytes: backup.bytes, deleted }, 'a backup was made');
      await made?.(backup);
      this.#arm(this.#dueIn());
    } catch (error) {
      if (error instanceof ChatelaineError && error.code === 'BACKUP_BUSY') return this.#arm(this.#dueIn() + BUSY_MS);
      log.error({ event: 'backup.failed', err: error }, 'no backup could be made; it is tried again');
      this.#arm(Math.min(settings.every, RETRY_MS));
    }
  }
}
