import type { CliContext } from '../context.ts';

const EVERY_MS = 100;
const WIDTH = 30;

/**
 * A bar on standard error while somebody watches it; nothing elsewhere. `total` is how many there will be,
 * undefined where that is not known.
 */
export class Progress {
  readonly #context: CliContext;
  readonly #total: number | undefined;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(context: CliContext, total: number | undefined) {
    this.#context = context;
    this.#total = total;
  }

  show(records: number): void {
    const now = this.#context.clock.now();
    if (!this.#context.watched || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    const counted = records.toLocaleString('en');
    const part = this.#total === undefined || this.#total === 0 ? undefined : Math.min(records / this.#total, 1);
    const bar =
      part === undefined
        ? ''
        : `${'█'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '░')} ${Math.floor(part * 100)} %  `;
    this.#context.stderr.write(`\r${bar}${counted} records`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shownAt !== Number.NEGATIVE_INFINITY) this.#context.stderr.write('\r\u001b[K');
  }
}
