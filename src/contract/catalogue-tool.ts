import type { JsonObject } from '#kernel';
import type { CalledTool } from './called-tool.ts';
import type { ToolEntry } from './config/tool-entry.ts';

/** How a source proves itself to what it calls, as far as its configuration says. */
export interface SourceCredential {
  /**
   * `header` and `query`: values that the configuration puts there; `vault`: a whole credential of the vault;
   * `caller`: what the caller has of an identity provider, or what is had for it, so that each acts as themselves.
   */
  readonly way: 'none' | 'header' | 'query' | 'password' | 'vault' | 'caller';
  /** Whether it crosses a network in the clear. */
  readonly inTheClear: boolean;
}

/** What a tool does where callers do not see it. */
export interface ToolFoundation {
  /** Where its calls go, such as `https://api.example` or `postgres://db:5432`; empty for what stays on this machine. */
  readonly egress: readonly string[];
  /** The statement, the request, the export: the fields of its type, with secrets left out. */
  readonly body: JsonObject;
  readonly credential: SourceCredential;
  /** Whether the statement or the method says of itself that it changes something. */
  readonly writes: boolean;
}

/** A tool as the registry shows, checks and pins it. */
export interface CatalogueTool extends CalledTool {
  readonly entry: ToolEntry;
  readonly _meta: JsonObject | undefined;
  readonly secureInputSchema?: JsonObject | undefined;
  readonly authRequired: readonly string[];
  /** What its answers are made of; `untrusted` among them where they are. */
  readonly labels?: readonly string[];
  /** Toolsets that it joins by its own word; those that list it know by themselves. */
  readonly toolsets?: readonly string[];
  /** Who says what callers see of it: its document, or code that may be another after a reload. */
  readonly definedBy: 'document' | 'code';
  /** What becomes of a definition that nobody wrote into a document: see `PINS`. */
  readonly pins: PinMode | undefined;
  /** Of a registered tool: the revision of its document. */
  readonly registration?: ToolRegistration | undefined;
  mayWrite(): boolean;
  /** Made when it is asked for: a start makes none. */
  foundation(): ToolFoundation;
}

/**
 * `firstUse`: the first definition is approved unless something about it is suspicious, a changed one waits.
 * `review`: every new one waits for a second person. `off`: nothing waits.
 */
export const PIN_MODES = ['firstUse', 'review', 'off'] as const;
export type PinMode = (typeof PIN_MODES)[number];

/** Which document of the registry a tool was made of. */
export interface ToolRegistration {
  readonly id: string;
  readonly revision: number;
  /** Who registered it, and may call it while it is a draft. */
  readonly owner: ToolAuthor;
}

/** Who wrote or registered something, by what never changes of them: a name is personal, and may. */
export interface ToolAuthor {
  readonly kind: 'user' | 'agent';
  readonly iss: string;
  readonly sub: string;
}
