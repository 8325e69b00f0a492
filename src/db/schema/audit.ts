/** The record. */
export interface AuditTables {
  readonly audit_installation: AuditInstallationTable;
  readonly audit_writers: AuditWritersTable;
  readonly audit_records: AuditRecordsTable;
  readonly audit_subjects: AuditSubjectsTable;
  readonly audit_checkpoint_lines: AuditCheckpointsTable;
  readonly audit_closed_chains: AuditClosedChainsTable;
  readonly delivery_cursors: DeliveryCursorsTable;
}

/** Whose log this is: one row. Owner: audit, as of all that follow. */
export interface AuditInstallationTable {
  readonly one: number;
  readonly id: string;
}

/** The chains. */
export interface AuditWritersTable {
  readonly id: string;
  readonly created_at: number;
}

/** The records. `hash` and `canonical` are the record; the rest is what can be asked for, with U+0000 replaced. */
export interface AuditRecordsTable {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
  readonly canonical: string;
  readonly id: string;
  readonly time: string;
  readonly actor: string;
  readonly issuer: string;
  readonly class: string;
  readonly type: string;
  readonly action: string;
  readonly object_kind: string | null;
  readonly namespace: string | null;
  readonly object: string | null;
  readonly object_id: string | null;
  readonly outcome: string;
  readonly request_id: string | null;
  readonly arguments_digest: string | null;
}

/** People a record is about beside its actor. */
export interface AuditSubjectsTable {
  readonly subject: string;
  readonly writer: string;
  readonly seq: number;
}

/** The checkpoints, in order. */
export interface AuditCheckpointsTable {
  /** Its number. */
  readonly place: number;
  /** SHA-256 of the line; empty in rows of before the column. */
  readonly digest: string;
  readonly line: string;
}

/** Chains that nobody continues, since they came out of a backup. */
export interface AuditClosedChainsTable {
  readonly writer: string;
  readonly closed_at: number;
}

/** How far each receiver of the audit log has got. */
export interface DeliveryCursorsTable {
  readonly receiver: string;
  readonly state: string;
}
