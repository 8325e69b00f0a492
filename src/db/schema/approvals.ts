/** Calls that wait for the yes of people. */
export interface ApprovalsTables {
  readonly approvals: ApprovalsTable;
  readonly approval_decisions: ApprovalDecisionsTable;
}

/** One call that somebody was asked about, and what became of that. Owner: registry. */
export interface ApprovalsTable {
  readonly id: string;
  readonly namespace: string;
  readonly tool: string;
  /** JSON: how the tool called itself when the call was made. */
  readonly shown: string;
  /** The digest of the definition of the tool. */
  readonly pin: string;
  /** The digest of all that the yes is for. */
  readonly binding: string;
  /** As the audit log has it. */
  readonly arguments_digest: string;
  readonly caller_kind: 'user' | 'agent' | 'anonymous';
  readonly caller_iss: string;
  readonly caller_sub: string;
  /** The OAuth client. */
  readonly caller_client: string | null;
  /** JSON: who acts for the caller. */
  readonly caller_act: string;
  /** Who answers for the agent that calls, a user. */
  readonly responsible: string | null;
  /** JSON: whose yes is needed, each. */
  readonly needs: string;
  /** The arguments and the name of the caller, sealed; null once it is decided or over. */
  readonly sealed: string | null;
  readonly key_id: string | null;
  readonly state: 'pending' | 'approved' | 'consumed' | 'refused' | 'expired' | 'cancelled';
  /** Why it was refused, or ended otherwise than by a call. */
  readonly reason: string | null;
  readonly created_at: number;
  /** Until when the state holds: of a request, of a grant, of a refusal. */
  readonly expires_at: number;
  /** Since when it is neither waiting nor good for anything. */
  readonly closed_at: number | null;
  /** When somebody elsewhere is to be told of it; null when they were, or nobody is. */
  readonly notify_at: number | null;
  readonly notify_attempts: number;
}

/** What one person, or one configured decider, said of it. Owner: registry. */
export interface ApprovalDecisionsTable {
  readonly approval_id: string;
  /** The id of a user, or `webhook:name`. */
  readonly decider: string;
  readonly verdict: 'approve' | 'refuse';
  /** JSON: which of the needs this one can fill. */
  readonly fills: string;
  /** The `webhook-id` of the message that said it. */
  readonly message_id: string | null;
  readonly decided_at: number;
}
