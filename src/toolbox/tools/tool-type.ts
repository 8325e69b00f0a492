/**
 * A kind of tool: `postgres-sql`, `http`, `redis`. A type turns one configuration document into a
 * body that runs; everything that is the same for all tools (arguments, limits, time, shaping of the
 * answer) happens around the body and can be forgotten by none.
 */
import type { z } from 'zod';
import type { CallerFace, ClientFace, ContentBlock, ToolAnnotations } from '#contract';
import type { JsonObject, JsonValue, Logger, Result } from '#kernel';
import type { ParameterDeclaration } from '#contract';
import type { Violation } from '../snapshot.ts';
import type { RowSet, Source } from '../sources/source.ts';

export interface ToolType<Config = unknown> {
  /** The `type:` of `kind: tool`. */
  readonly type: string;
  readonly summary: string;
  /** The fields beside those every tool has (`contract/config/tool.ts`). Strict. */
  readonly schema: z.ZodType<Config>;
  /** Its tools have a text with `{{.name}}` in it. Without this, `templateParameters` are refused. */
  readonly takesTemplateParameters?: boolean;
  /**
   * Makes the body. Throws `ConfigurationFault` for what a schema cannot say: a template that names
   * no parameter, an operation the source does not know.
   */
  build(config: Config, context: ToolBuildContext): ToolBody;
}

export interface ToolBuildContext {
  readonly name: string;
  readonly directory: string;
  readonly source: Source;
  readonly sourceName: string;
  /** `parameters:` as declared. */
  readonly parameters: readonly ParameterDeclaration[];
  /** `templateParameters:` as declared. */
  readonly templateParameters: readonly ParameterDeclaration[];
  /** `readOnly: true` on the tool. */
  readonly readOnly: boolean;
}

/** Thrown by `build`; becomes a problem at `path` of the tool's document. */
export class ConfigurationFault extends Error {
  readonly path: readonly (string | number)[];
  readonly hint: string | undefined;

  constructor(path: readonly (string | number)[], message: string, hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}

export interface ToolBody {
  /** Parameters that the type brings along, e.g. `sql` of `postgres-execute-sql`. Listed first. */
  readonly parameters?: readonly ParameterDeclaration[];
  /** A complete JSON Schema instead of parameters, where the tool's author wrote one (modules). */
  readonly inputSchema?: JsonObject;
  /** Checks arguments where `inputSchema` stands in for parameters; there together with it. */
  check?(raw: JsonObject): Result<ToolArguments, readonly Violation[]>;
  readonly outputSchema?: JsonObject;
  readonly title?: string;
  readonly description?: string;
  /**
   * What the type knows about itself; the document's `annotations` win. `readOnlyHint: true` says that
   * the tool cannot write: without it, `readOnly: true` in the document is refused as unenforceable.
   */
  readonly annotations?: ToolAnnotations;
  readonly _meta?: JsonObject;
  /** Things `config check` and the log report, such as an unsafe template. */
  readonly warnings?: readonly string[];
  /** Whether the next run cannot write although the type's `readOnlyHint` does not say so. */
  provedToRead?(): boolean;
  /** Whether its statement or method says of itself that it changes something. */
  readonly writes?: boolean;
  /** An answer that is there at once may be given as it is: it then costs neither a promise nor a timer. */
  run(args: ToolArguments, context: RunContext): ToolOutput | Promise<ToolOutput>;
}

/** Arguments after checking: declared names only, defaults filled in, types right. */
export type ToolArguments = Readonly<Record<string, JsonValue>>;

/** What surrounds one run. Copied by names: some are made when they are read, and a spread misses them. */
export interface RunContext {
  /** Aborted when the caller goes away, cancels, or the time is up. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly readOnly: boolean;
  readonly client: ClientFace;
  readonly caller: CallerFace;
  readonly log: Logger;
}

export type ToolOutput =
  /** A result set; each row becomes one text item, as MCP Toolbox does. */
  | ({ readonly kind: 'rows' } & RowSet)
  /** One JSON value or text. */
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** MCP content as the tool made it. */
  | {
      readonly kind: 'content';
      readonly content: readonly ContentBlock[];
      readonly structuredContent?: JsonObject;
      readonly isError?: boolean;
      readonly _meta?: JsonObject;
    };
