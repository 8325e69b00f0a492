import type { Head } from '../chain/chain.ts';

/** The log of one moment, while processes go on writing it. */
export interface AuditSnapshot {
  readonly installation: string;
  /** Public keys, PEM, of all that ever signed checkpoints of this log. */
  readonly keys: readonly string[];
  /** The number of the last checkpoint, 0 before the first. */
  readonly checkpoints: number;
  readonly writers: readonly ({ readonly id: string } & Head)[];
  /**
   * Files by their path in the folder, and their bytes up to the last whole line; none of a log that lies in
   * the database, and goes with it.
   */
  readonly parts: readonly { readonly name: string; readonly data: AsyncIterable<Uint8Array> }[];
}
