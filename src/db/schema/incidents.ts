/** What was unusual, and what was stopped. */
export interface IncidentTables {
  readonly anomaly_profiles: AnomalyProfilesTable;
  readonly alerts: AlertsTable;
  readonly containments: ContainmentsTable;
  readonly containment_confirmations: ContainmentConfirmationsTable;
  readonly serving_processes: ServingProcessesTable;
}

/** What a caller usually does. Owner: registry. */
export interface AnomalyProfilesTable {
  /** As in `tool_usage`. */
  readonly principal: string;
  /** JSON. */
  readonly profile: string;
  readonly saved_at: number;
}

/** Something unusual, once for a caller, a kind and a window. Owner: registry. */
export interface AlertsTable {
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly principal: string;
  /** Which of the spans of the length of a cooldown it was in. */
  readonly alert_window: number;
  readonly tool: string;
  readonly seen: string;
  readonly usual: string;
  /** The audit record that says more; none until it is written. */
  readonly record_id: string | null;
  readonly raised_at: number;
  readonly acknowledged_at: number | null;
  readonly acknowledged_by: string | null;
  readonly note: string;
  /** Names of the receivers that know of it, with a space between. */
  readonly told: string;
  /** When the others are told next; null when all know, or there is none. */
  readonly notify_at: number | null;
  readonly attempts: number;
}

/** What was stopped everywhere. Owner: registry. */
export interface ContainmentsTable {
  readonly id: string;
  readonly kind: 'agent' | 'user' | 'tool' | 'namespace';
  /** The namespace it is in; `*` of a user. */
  readonly namespace: string;
  /** The id of an agent or a user, the name of a tool or a namespace. */
  readonly target: string;
  readonly name: string;
  readonly reason: string;
  /** `issuer#subject` of all as whom it may call; JSON. */
  readonly subjects: string;
  /** 1 where it was this that disabled it. */
  readonly disabled_here: number;
  readonly begun_at: number;
  readonly begun_by: string;
  /** When every process that served had confirmed. */
  readonly acknowledged_at: number | null;
  readonly released_at: number | null;
  readonly released_by: string | null;
  /** JSON; none before it is acknowledged. */
  readonly report: string | null;
}

/** Owner: registry. */
export interface ContainmentConfirmationsTable {
  readonly containment_id: string;
  readonly process_id: string;
  readonly confirmed_at: number;
  readonly stopped_calls: number;
}

/** Processes that run calls. Owner: registry. */
export interface ServingProcessesTable {
  readonly id: string;
  readonly host: string;
  /** On that host. */
  readonly pid: number;
  readonly started_at: number;
  readonly seen_at: number;
}
