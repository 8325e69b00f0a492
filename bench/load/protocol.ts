/** What the runner and the generator process say to each other. */

/** A request as it goes over the wire, and the only body that is a right answer to it. */
export interface Exchange {
  readonly request: Uint8Array;
  readonly body: Uint8Array;
}

export type ToGenerator =
  | { readonly kind: 'target'; readonly name: string; readonly port: number; readonly exchanges: readonly Exchange[] }
  /** Opens the connections; answered by `open`. */
  | { readonly kind: 'open'; readonly name: string; readonly connections: number }
  /** Sends for so long; answered by `run` when the last reply has come. */
  | { readonly kind: 'go'; readonly durationMs: number };

export type FromGenerator =
  | { readonly kind: 'open' }
  | ({ readonly kind: 'run' } & LoadRun)
  | { readonly kind: 'failed'; readonly reason: string };

/** One run; every reply in it was the right one. */
export interface LoadRun {
  readonly requests: number;
  readonly elapsedMs: number;
  /** Milliseconds from writing a request to the last byte of its reply. */
  readonly p50: number;
  readonly p99: number;
}
