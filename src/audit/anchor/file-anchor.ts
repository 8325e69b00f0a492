import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { checkpointLine, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Sink } from '../delivery/delivery.ts';

/**
 * Checkpoints in a file elsewhere (another disk, a mount that can only be appended to): a line each, as
 * they lie in the log. Opened for each, so that the mount may come and go; never made anew in the
 * place of a folder that is not mounted, since the folder must be there.
 */
export class FileAnchor implements Sink<SignedCheckpoint> {
  readonly confirmsReadingOnly = false;
  readonly #path: string;
  /** True when the file may end within a line: an empty one more does no harm. */
  #torn = true;

  constructor(path: string) {
    this.#path = path;
  }

  async send(checkpoints: readonly SignedCheckpoint[]): Promise<number> {
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
    const file = await open(this.#path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      const lines = checkpoints.map((checkpoint) => `${checkpointLine(checkpoint)}\n`).join('');
      const lead = this.#torn ? '\n' : '';
      this.#torn = true;
      await file.writeFile(lead + lines);
      await file.sync();
      this.#torn = false;
    } finally {
      await file.close();
    }
    return 0;
  }

  async close(): Promise<void> {}
}
