/** How much callers may do, and how much they did. */
export interface LimitTables {
  readonly limits: LimitsTable;
  readonly limit_counters: LimitCountersTable;
}

/** Limits that were made by the API. Owner: registry. */
export interface LimitsTable {
  readonly id: string;
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly name: string;
  /** JSON of what a `kind: limit` document says. */
  readonly definition: string;
  readonly created_at: number;
  readonly changed_at: number;
}

/** What is counted, by limit, whose it is and the window. Owner: registry. */
export interface LimitCountersTable {
  readonly key: string;
  readonly taken: number;
  /** JSON: what processes hold of it, and until when. */
  readonly holders: string;
  /** When it can be cleared away. */
  readonly ends_at: number;
}
