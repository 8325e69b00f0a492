import { setImmediate as nextTurn } from 'node:timers/promises';

/** What one piece of work may hold everybody else up for. */
const LONGEST_MS = 4;

/** Long work in pieces: calls that wait have their turn in between. */
export class Slices {
  #began = performance.now();

  /** Before each piece. */
  async next(): Promise<void> {
    if (performance.now() - this.#began >= LONGEST_MS) await this.rest();
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}
