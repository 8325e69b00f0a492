import type { CatalogueTool, ToolRegistration, ToolStatus } from '#contract';
import type { JsonObject, Result } from '#kernel';
import type { ToolName } from '../pins/pin.ts';
import type { RegisteredTool } from './registered-tool.ts';

/** A document as somebody would register it. */
export interface TrialDocument extends ToolName {
  readonly text: string;
  readonly registration: ToolRegistration;
  readonly entry: { readonly owner: string; readonly status: ToolStatus; readonly replacedBy?: string | undefined };
}

/** The tools that run in this process: a port, filled by who composes files and registry. */
export interface RunningTools {
  all(): Iterable<CatalogueTool>;
  find(name: ToolName): CatalogueTool | undefined;
  /** Whether a file has the name, whatever the registry says. */
  isDeclared(name: ToolName): boolean;
  /** Why a registered tool does not run; undefined where it does. */
  broken(name: ToolName): string | undefined;
  /** The tool that a document would become, beside the files and on their sources; or all that is wrong with it. */
  trial(document: TrialDocument): Promise<Result<CatalogueTool, readonly string[]>>;
  /** The operations of an OpenAPI document as documents for a source that is there; or why it has none. */
  operations(
    text: string,
    source: string,
  ): Promise<Result<readonly { readonly name: string; readonly document: JsonObject }[], string>>;
  /** Takes these in the place of all registered tools; resolves when they are in force. */
  apply(tools: readonly RegisteredTool[]): Promise<void>;
}

/** What is known of the use of a tool. Another part of the registry counts it. */
export interface ToolUsage {
  readonly calls: number;
  readonly errors: number;
  readonly averageMs: number | undefined;
  readonly lastUsedAt: number | undefined;
}

export interface UsageFacts {
  of(names: readonly ToolName[]): Promise<ReadonlyMap<string, ToolUsage>>;
}
