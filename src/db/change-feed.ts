/**
 * The news that other processes have changed something, for whoever keeps a copy of what they read.
 */
export interface ChangeFeed {
  /**
   * A number that differs from the last one given once another process has committed a change, and
   * `unknown` while that cannot be said for the last 700 ms: the reader then trusts no copy and asks the
   * database. Cheap enough for every request; never throws. Its own changes may move it or not.
   */
  version(): bigint | 'unknown';
  close(): void;
}
