/**
 * The toolbox at one moment: everything that can be listed, called or read, immutable and complete.
 * A reload builds the next snapshot beside this one and swaps; calls in flight end on theirs.
 */
import type {
  CallerFace,
  CatalogueTool,
  ClientFace,
  MaskDeclaration,
  PromptMessage,
  ResourceContents,
} from '#contract';
import type { JsonObject, Result } from '#kernel';
import type { RunContext, ToolArguments, ToolOutput } from './tools/tool-type.ts';

export interface ToolboxSnapshot {
  /** Changes whenever anything listed changes; part of every cache key above. */
  readonly version: string;
  readonly namespaces: ReadonlyMap<string, NamespaceView>;
}

export interface NamespaceView {
  readonly name: string;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly prompts: ReadonlyMap<string, Prompt>;
  /** By name, MCP Apps included. */
  readonly resources: ReadonlyMap<string, Resource>;
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** Everything in the namespace, sorted by name; its description becomes MCP `instructions`. */
  readonly all: Group;
  /** Toolsets and groups by name. */
  readonly groups: ReadonlyMap<string, Group>;
  /** What each MCP server behind us offers, under the names that it has there, by the server's name. */
  readonly servers?: ReadonlyMap<string, Group>;
  /** The masks that hold here. */
  readonly masks?: readonly MaskDeclaration[];
  /** Sources for `/readyz`: what is configured and how its last use went. */
  readonly sources: readonly SourceState[];
}

/** A named selection: a `toolset`, a `group`, or everything of a namespace. */
export interface Group {
  /** Empty for the group of everything. */
  readonly name: string;
  readonly description: string | undefined;
  readonly tools: readonly Tool[];
  readonly prompts: readonly Prompt[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** MCP Apps of the tools in it: listed nowhere, and read like the resources above. */
  readonly apps?: { readonly resources: readonly Resource[]; readonly resourceTemplates: readonly ResourceTemplate[] };
  /** From how many tools on they are found instead of listed; as the server has it where nothing is said. */
  readonly progressiveFrom?: number | undefined;
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
  /** The names that its tools have at its door, where those are not their names in the namespace. */
  readonly doorNames?: DoorNames | undefined;
}

/** Other names for the same tools: what is decided, recorded and counted goes by the name in the namespace. */
export interface DoorNames {
  /** By the tool's name in the namespace. */
  readonly shown: ReadonlyMap<string, string>;
  /** And back. */
  readonly meant: ReadonlyMap<string, string>;
}

export interface Tool extends CatalogueTool {
  /** What a caller fills in: JSON Schema 2020-12. Authenticated, secure and derived parameters are absent. */
  readonly inputSchema: JsonObject;
  /** The same of the secure parameters; undefined when there are none. */
  readonly secureInputSchema?: JsonObject | undefined;
  readonly authRequired: readonly string[];
  /** Parameters whose value comes from a token's claim: name → the services that may supply it. */
  readonly authenticatedParameters: ReadonlyMap<
    string,
    readonly { readonly service: string; readonly claim: string }[]
  >;
  /** Parameters that only the secure channel of a client may carry. */
  readonly secureParameters: readonly string[];
  /** The tool in Toolbox's REST manifest: `{ description, parameters, authRequired }`. */
  readonly manifest: JsonObject;
  readonly _meta: JsonObject | undefined;
  /** Members of its definition that we have no name for, as its server gave them. */
  readonly otherMembers?: JsonObject | undefined;
  /** Whether that authorization context is shown it; absent for what is shown to all alike. */
  seenBy?(context: string): boolean;
  readonly timeoutMs: number;
  /**
   * Whether the next run could change something. False where something enforces or proves that it cannot:
   * an author's `readOnlyHint` alone is a promise.
   */
  mayWrite(): boolean;
  /**
   * Checks raw arguments: types, ranges, lists, patterns, defaults, derived values. Unknown names are
   * dropped. Every violation is reported, each naming its parameter.
   *
   * `supplied` holds the values of authenticated and secure parameters by name, from verified tokens
   * and the client's secure channel. They are taken from there alone: in `raw` they are unknown names.
   */
  check(raw: JsonObject, supplied?: JsonObject): Result<ToolArguments, readonly Violation[]>;
  /** Runs checked arguments under the tool's own limits; rejects with catalogued errors. */
  run(args: ToolArguments, call: ToolCall): ToolOutput | Promise<ToolOutput>;
}

export interface ToolCall {
  readonly signal: AbortSignal;
  readonly client: ClientFace;
  readonly caller: CallerFace;
  readonly log: RunContext['log'];
}

/** One thing wrong with the arguments: where, and what would be right. */
export interface Violation {
  /** `cities[2]`, `filter.name`. */
  readonly path: string;
  readonly message: string;
}

/** The messages of a prompt; of one of another server, with the members that stood beside them. */
export type PromptMessages = readonly PromptMessage[] & { readonly beside?: JsonObject };
/** What was read, likewise. */
export type ReadContents = readonly ResourceContents[] & { readonly beside?: JsonObject };

export interface Prompt {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly arguments: readonly PromptArgument[];
  readonly otherMembers?: JsonObject | undefined;
  /** The MCP server behind us that it is of; absent for what is ours. */
  readonly server?: string | undefined;
  /** Whether that authorization context is shown it; absent for what is shown to all alike. */
  seenBy?(context: string): boolean;
  /** The messages with the arguments in place, or every violation. */
  get(args: Readonly<Record<string, string>>, call: ToolCall): Promise<Result<PromptMessages, readonly Violation[]>>;
  complete(
    argument: string,
    typed: string,
    filled: Readonly<Record<string, string>>,
    call?: ToolCall,
  ): Promise<readonly string[]>;
}

export interface PromptArgument {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly required: boolean;
}

export interface ResourceFacts {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly mimeType: string | undefined;
  readonly annotations: JsonObject | undefined;
  readonly _meta: JsonObject | undefined;
  readonly otherMembers?: JsonObject | undefined;
  /** As `Prompt.server`. */
  readonly server?: string | undefined;
  /** Whether that authorization context is shown it; absent for what is shown to all alike. */
  seenBy?(context: string): boolean;
}

export interface Resource extends ResourceFacts {
  readonly uri: string;
  readonly size: number | undefined;
  read(call: ToolCall): Promise<ReadContents>;
  /** Calls back on every change until the signal aborts; undefined for what never changes. */
  watch?(changed: () => void, signal: AbortSignal): void;
}

export interface ResourceTemplate extends ResourceFacts {
  readonly uriTemplate: string;
  /** The variables that the URI gives the template, or undefined when it is not one of its URIs. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
  read(uri: string, variables: Readonly<Record<string, string>>, call: ToolCall): Promise<ReadContents>;
  complete(
    variable: string,
    typed: string,
    filled: Readonly<Record<string, string>>,
    call?: ToolCall,
  ): Promise<readonly string[]>;
}

export interface SourceState {
  readonly name: string;
  readonly type: string;
  /** Connects and asks something trivial; resolves to the reason when it fails. */
  probe(signal: AbortSignal): Promise<Result<void, SourceFault>>;
}

export interface SourceFault {
  readonly reason: string;
  /** The secret of the vault that stands in the way, by its reference. */
  readonly secret?: string;
}
