import type {
  AuthServiceDeclaration,
  CallerFace,
  LimitDeclaration,
  OAuthClientDeclaration,
  OwnerDeclaration,
  ProtectedServer,
  RoleBindingDeclaration,
  ServerSettings,
  UpstreamDeclaration,
} from '#contract';
import type { DeclaredPolicy } from '#policy';
import type { CallerChange, WantedTool } from '#servers';
import type { Group, NamespaceView, Toolbox } from '#toolbox';
import type { RegisteredDocuments } from './registered-documents.ts';

/** A toolbox that runs, and what the documents declare beside it. */
export interface Configured extends Declared {
  readonly toolbox: Toolbox;
  /** The tools that publishers register, composed with the files. */
  readonly registered: RegisteredDocuments;
  readonly settings: ServerSettings;
  readonly isQuickstart: boolean;
  /**
   * All tools that are known without their files have joined them. Throws where a policy does not fit the arguments of
   * the tools that there are, and no others can come; says so in the log where some can.
   */
  settle(): void;
  /**
   * Sees to it that the caller finds what MCP servers offer them. Rejects with what is the matter with one; of a tool
   * that is wanted, with one that could have it.
   */
  introduce(caller: CallerFace, wanted?: WantedTool): Promise<void>;
  /** As `OpenServers.onCallerChange`. */
  onCallerChange(listener: CallerChange): void;
  /** The sign-ins in whose names something is open at MCP servers. */
  signIns(): ReadonlySet<string>;
  /** Ends what is open at MCP servers in the name of one of the sign-ins. */
  signedOut(signIns: ReadonlySet<string>): void;
  /** Resolves when every MCP server has answered for the first time or failed to, or the time is up. */
  serversSettled(ms: number): Promise<void>;
  counts(): { readonly tools: number; readonly sources: number };
  /** The namespace and the toolset of now; throws when there are none of these names. */
  place(namespace: string, toolset: string | undefined): { readonly view: NamespaceView; readonly group: Group };
  /** Replaces the toolbox whenever a file changes; a bad file keeps what runs and is told to the log. */
  watch(options: WatchOptions): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

/** What the documents of now declare for others than the toolbox; another list after each reload. */
export interface Declared {
  roleBindings(): readonly RoleBindingDeclaration[];
  authServices(): readonly AuthServiceDeclaration[];
  /** The clients of the authorization server. */
  clients(): readonly OAuthClientDeclaration[];
  /** The identity providers. */
  upstreams(): readonly UpstreamDeclaration[];
  /** The MCP servers that have an authorization server of their own. */
  protectedServers(): readonly ProtectedServer[];
  /** The resources outside of this server that it issues tokens for. */
  owners(): readonly OwnerDeclaration[];
  policies(): readonly DeclaredPolicy[];
  limits(): readonly LimitDeclaration[];
}

export interface WatchOptions {
  readonly pollSeconds: number | undefined;
  readonly reloaded: (outcome: 'applied' | 'refused') => void;
}
