/** What recorded decisions name by digests. */
export interface DecisionTables {
  readonly decision_subjects: DecisionSubjectsTable;
}

/** Who and what decisions were about, as policies saw them, and the policies that decided. Owner: policy. */
export interface DecisionSubjectsTable {
  /** The digest that records have. */
  readonly key: string;
  /** JSON; no name of a person. */
  readonly subject: string;
  /** When a decision last was about it, to within a day. */
  readonly seen_at: number;
}
