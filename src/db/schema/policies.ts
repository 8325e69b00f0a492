/** Who may do what to which tools. Owner: policy. */
export interface PolicyTables {
  readonly policies: PoliciesTable;
  readonly policy_versions: PolicyVersionsTable;
}

/** Every name that a policy ever had; what it says stands with its versions. No row goes, so that no version comes twice. */
export interface PoliciesTable {
  readonly id: string;
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly name: string;
  /** The latest. */
  readonly version: number;
  readonly created_at: number;
}

/** What policies said and when, who wrote it and why. Only ever added to. */
export interface PolicyVersionsTable {
  readonly policy_id: string;
  /** From 1 on. */
  readonly version: number;
  readonly priority: number;
  readonly description: string;
  readonly cedar: string;
  /** 1 when it is kept and decides nothing. */
  readonly shadow: number;
  readonly enabled: number;
  /** 1 when this version says that there is no policy. */
  readonly deleted: number;
  readonly reason: string;
  /** `issuer#subject`, and the subject alone for ours. */
  readonly author: string;
  readonly at: number;
}
