/** What is measured of the work with a cluster, as it happens. Names of objects are no labels: they are unbounded. */
export interface ClusterObserver {
  /** `code` is the HTTP status, or the error where there was no answer. */
  requested(request: {
    readonly verb: string;
    readonly resource: string;
    readonly code: string;
    readonly durationMs: number;
  }): void;
  /** A watch began anew: `closed` by the server, `gone` (everything was listed again), or the error. */
  watchRestarted(watch: { readonly resource: string; readonly why: string }): void;
  /** A key was taken up after it waited so long. */
  dequeued(taken: { readonly queue: string; readonly waitedMs: number }): void;
  reconciled(done: { readonly queue: string; readonly outcome: 'ok' | 'failed'; readonly durationMs: number }): void;
  /** A key comes again because it failed. */
  retried(queue: string): void;
  /** What became of an event: `sent`, `dropped` (too many), or `failed`. */
  eventRecorded(outcome: 'sent' | 'dropped' | 'failed'): void;
}

export const silentObserver: ClusterObserver = {
  requested() {},
  watchRestarted() {},
  dequeued() {},
  reconciled() {},
  retried() {},
  eventRecorded() {},
};
