/** Tables of tools in the registry and of the pins of all tools. Owner: registry. */
export interface RegisteredToolTables {
  readonly registered_tools: RegisteredToolsTable;
  readonly registered_tool_revisions: RegisteredToolRevisionsTable;
  readonly tool_pins: ToolPinsTable;
  readonly tool_registry: ToolRegistryTable;
}

/** Tools that publishers registered. */
export interface RegisteredToolsTable {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** The one that runs. */
  readonly revision: number;
  readonly status: 'draft' | 'active' | 'deprecated' | 'quarantined';
  readonly replaced_by: string | null;
  readonly owner_kind: 'user' | 'agent';
  readonly owner_iss: string;
  readonly owner_sub: string;
  /** Counts every change. */
  readonly generation: number;
  readonly created_at: number;
  readonly changed_at: number;
}

/** Their documents, from the first on. */
export interface RegisteredToolRevisionsTable {
  readonly tool_id: string;
  readonly revision: number;
  /** What the document calls its version. */
  readonly version: string | null;
  /** As it was given: YAML or JSON. */
  readonly document: string;
  readonly author_kind: 'user' | 'agent';
  readonly author_iss: string;
  readonly author_sub: string;
  readonly reason: string;
  readonly restored_from: number | null;
  readonly created_at: number;
}

/** What of each tool was approved, and what waits. */
export interface ToolPinsTable {
  readonly namespace: string;
  readonly name: string;
  readonly state: 'approved' | 'quarantined';
  readonly why: string;
  /** Of the approved definition; null before there was one. */
  readonly digest: string | null;
  readonly definition: string | null;
  /** `file`, `first use`, or `kind iss sub` of who approved it. */
  readonly approved_by: string | null;
  readonly approved_at: number | null;
  readonly pending_digest: string | null;
  readonly pending_definition: string | null;
  /** `kind iss sub` of whose definition it is, where that is known. */
  readonly pending_author: string | null;
  /** JSON of the terms on which it waits: whose yes it takes, who made it, who said yes. */
  readonly pending_terms: string | null;
  /** JSON. */
  readonly findings: string;
  readonly note: string;
  readonly generation: number;
  readonly changed_at: number;
}

/** One row that changes with the tables above. */
export interface ToolRegistryTable {
  readonly id: 'registry';
  readonly version: number;
}
