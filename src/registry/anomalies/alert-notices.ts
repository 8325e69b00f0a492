import type { Database } from '#db';
import { startRecurring, type Clock, type Logger } from '#kernel';
import { findUntold, leaseUntold, setKnowing, setTold, type Untold } from '../store/alerts-store.ts';
import type { AlertReceiver } from './alert-receiver.ts';

const EVERY_MS = 5000;
const AT_ONCE = 50;
/** Longer than telling everybody may take: another process goes on where this one died. */
const LEASE_MS = 60_000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Three days, about: an alert stays in the list all the same. */
const MOST_ATTEMPTS = 400;

export interface AlertNoticesParts {
  readonly database: Database;
  readonly receivers: readonly AlertReceiver[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells receivers of alerts, each until it was taken, and nobody twice; what a process leaves, the next one goes on with. */
export class AlertNotices {
  readonly #parts: AlertNoticesParts;

  constructor(parts: AlertNoticesParts) {
    this.#parts = parts;
  }

  /** Begins; gives how to look at once, and how to stop. */
  start(everyMs = EVERY_MS): { readonly kick: () => void; readonly stop: () => Promise<void> } {
    const failed = (error: unknown): void =>
      this.#parts.log.error({ err: error }, 'alerts could not be told; it is tried again');
    let running: Promise<unknown> = Promise.resolve();
    const tell = (): Promise<unknown> => (running = running.then(() => this.tell()).catch(failed));
    const stop = startRecurring(tell, { everyMs, failed });
    return { kick: () => void tell(), stop: () => stop().then(async () => void (await running)) };
  }

  /** Tells of everything that is due; gives how many alerts were taken. */
  async tell(): Promise<number> {
    const { database, clock } = this.#parts;
    let taken = 0;
    for (const untold of await findUntold(database.db, clock.now(), AT_ONCE)) {
      const lease = { id: untold.alert.id, notifyAt: untold.notifyAt, until: clock.now() + LEASE_MS };
      if ((await leaseUntold(database.db, lease)) && (await this.#tellOf(untold))) taken++;
    }
    return taken;
  }

  async #tellOf({ alert, attempts, told }: Untold): Promise<boolean> {
    const { database, receivers, clock, log } = this.#parts;
    const knowing = [...told];
    let failed = false;
    for (const receiver of receivers) {
      if (knowing.includes(receiver.name)) continue;
      try {
        await receiver.tell(alert);
        knowing.push(receiver.name);
        await setKnowing(database.db, alert.id, knowing);
      } catch (error) {
        failed = true;
        log.warn(
          { event: 'alert.notice', alert: alert.id, receiver: receiver.name, err: error },
          'nobody took the news of an alert; it is told again',
        );
      }
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
    await setTold(database.db, alert.id, failed && attempts + 1 < MOST_ATTEMPTS ? clock.now() + pause : null);
    return !failed;
  }
}
