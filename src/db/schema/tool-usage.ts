/** How tools are used. */
export interface ToolUsageTables {
  readonly tool_usage: ToolUsageTable;
}

/** Sums of a day, a tool and a caller. Owner: registry. */
export interface ToolUsageTable {
  /** When the day begins, UTC. */
  readonly day: number;
  readonly namespace: string;
  readonly tool: string;
  /** `kind:issuer#subject`, and the subject alone of our own: a pseudonym. */
  readonly principal: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly denied: number;
  readonly duration_ms: number;
  readonly calls_1: number;
  readonly calls_3: number;
  readonly calls_10: number;
  readonly calls_30: number;
  readonly calls_100: number;
  readonly calls_300: number;
  readonly calls_1000: number;
  readonly calls_3000: number;
  readonly calls_10000: number;
  readonly calls_inf: number;
  readonly last_at: number;
}
