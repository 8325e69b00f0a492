import type { SignedCheckpoint } from './checkpoint.ts';

/** When the next checkpoint is due: whichever comes first. */
export interface CheckpointRhythm {
  readonly records: number;
  readonly ms: number;
}

const RHYTHM: CheckpointRhythm = { records: 10_000, ms: 60_000 };

export interface CheckpointTurnsParts {
  readonly rhythm?: CheckpointRhythm | undefined;
  /** Makes one; undefined when there is nothing new, or another process makes one. Says in `covered` how far it goes. */
  readonly make: () => Promise<SignedCheckpoint | undefined>;
  /** Records that this process has written. */
  readonly written: () => number;
  /** Whether some that came are not durable yet. */
  readonly isBusy: () => boolean;
  /** Hears of one that was due and could not be made. */
  readonly onFailure: (error: unknown) => void;
}

/** Whose turn it is for a checkpoint: one at a time, in their rhythm, for as long as something is not covered. */
export class CheckpointTurns {
  readonly #parts: CheckpointTurnsParts;
  readonly #rhythm: CheckpointRhythm;
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<SignedCheckpoint | undefined> | undefined;
  /** So many written records make the next checkpoint due. */
  #dueAt: number;
  #closed = false;
  /** Of the records written here, those covered, with the checkpoints' own: or idle logs would grow for ever. */
  covered = 0;

  constructor(parts: CheckpointTurnsParts) {
    this.#parts = parts;
    this.#rhythm = parts.rhythm ?? RHYTHM;
    this.#dueAt = this.#rhythm.records;
  }

  /** Makes one now, or waits for the one that is being made. Rejects as making it does. */
  now(): Promise<SignedCheckpoint | undefined> {
    this.#making ??= this.#parts.make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** To be called after each record. */
  wrote(): void {
    if (this.#parts.written() >= this.#dueAt && !this.#making) void this.#take();
    else this.arm();
  }

  /** Has one made in a while, unless it is to be already. */
  arm(): void {
    if (this.#timer || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#take();
    }, this.#rhythm.ms);
    this.#timer.unref();
  }

  /** None begins by itself from now on. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The last one, where something is not covered and `mayWrite` says that it can be. */
  async last(mayWrite: () => boolean): Promise<void> {
    // One that is being made does not cover what came while it was.
    await this.#making?.catch(() => undefined);
    if (this.#parts.written() > this.covered && mayWrite()) await this.#take();
  }

  async #take(): Promise<void> {
    const { written, isBusy, onFailure } = this.#parts;
    const before = this.covered;
    try {
      await this.now();
    } catch (error) {
      onFailure(error);
    }
    // After one that was not made, not at once again.
    this.#dueAt = (this.covered > before ? this.covered : written()) + this.#rhythm.records;
    // What was not durable yet, or what another process kept us from covering.
    if (written() > this.covered || isBusy()) this.wrote();
  }
}
