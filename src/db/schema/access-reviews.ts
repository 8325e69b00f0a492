/** Campaigns in which people decide about access. */
export interface AccessReviewTables {
  readonly access_reviews: AccessReviewsTable;
  readonly access_review_reviewers: AccessReviewReviewersTable;
  readonly access_review_lines: AccessReviewLinesTable;
}

/** Owner: registry. */
export interface AccessReviewsTable {
  readonly id: string;
  /** Whose access it is about; `*` for all. */
  readonly namespace: string;
  readonly title: string;
  readonly on_due: 'report' | 'revoke';
  readonly due_at: number;
  /** When what its due time asks for was done. */
  readonly due_done_at: number | null;
  readonly opened_by_kind: 'user' | 'agent' | 'operator';
  readonly opened_by: string;
  readonly opened_at: number;
  readonly closed_by: string | null;
  readonly closed_at: number | null;
}

/** Who decides. Owner: registry. */
export interface AccessReviewReviewersTable {
  readonly review_id: string;
  readonly user_id: string;
}

/** One thing that somebody held when the campaign was opened. Owner: registry. */
export interface AccessReviewLinesTable {
  readonly review_id: string;
  /** From 1 on. */
  readonly line: number;
  readonly holder_kind: 'user' | 'agent';
  readonly holder_id: string;
  /** Of an agent; of a person nothing. */
  readonly holder_name: string;
  readonly kind: string;
  readonly namespace: string;
  /** The id of what is held. */
  readonly target: string;
  readonly what: string;
  /** Where it must be taken away; null for what can be here. */
  readonly elsewhere: string | null;
  readonly state: 'undecided' | 'kept' | 'revoked' | 'outstanding' | 'gone';
  readonly reason: string | null;
  /** The id of a user, or `due`. */
  readonly decided_by: string | null;
  readonly decided_at: number | null;
}
