/** What a command opened, to be closed in the opposite order when it ends, however it ends. */
import type { Logger } from '#kernel';

/** For each; the grace of running calls is over by then. */
const CLOSING_MS = 1_000;
/** What still keeps the process after that (a module's interval) does not any more. */
const LINGERING_MS = 250;

export class Endings {
  readonly #closers: { readonly what: string; readonly close: () => unknown }[] = [];

  /** `what` names it in the log, should it not close. */
  add(what: string, close: () => unknown): void {
    this.#closers.push({ what, close });
  }

  /**
   * Closes everything, last opened first. What fails or takes too long is logged and left behind: the
   * rest is closed all the same, and the process ends with the exit code it has.
   */
  async run(log: Logger): Promise<void> {
    await this.close(log);
    setTimeout(() => process.exit(), LINGERING_MS).unref();
  }

  /** The same for what lives shorter than its process. */
  async close(log: Logger): Promise<void> {
    for (const { what, close } of this.#closers.splice(0).toReversed()) {
      try {
        if (!(await within(CLOSING_MS, close())))
          log.warn({ event: 'closing.late', what }, 'something is still in use, and is not waited for');
      } catch (error) {
        log.warn({ event: 'closing.failed', what, err: error }, 'something did not close cleanly');
      }
    }
  }
}

/** Whether the work ended in time; rejects as the work does. */
async function within(ms: number, work: unknown): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
