import type { JsonObject } from '#kernel';
import type { ToolAnnotations } from './mcp.ts';

/** What an argument may be, as `ParameterDeclaration` has it. */
export interface ArgumentType {
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'array' | 'map';
  readonly items?: ArgumentType | undefined;
  readonly valueType?: 'string' | 'integer' | 'float' | 'boolean' | undefined;
}

/** Where the definition of a tool comes from: a file, a publisher, a server behind us. */
export type ToolOrigin = 'declared' | 'registered' | 'federated';

/** A tool as those see it who decide about calls: what it is, and nothing of how it runs. */
export interface CalledTool {
  readonly namespace: string;
  readonly name: string;
  /** What is called, such as `sqlite-sql`. */
  readonly type: string;
  readonly origin: ToolOrigin;
  readonly source: string | undefined;
  /** The federated server that it is of. */
  readonly server?: string | undefined;
  readonly tags: readonly string[];
  readonly title: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | undefined;
  readonly annotations: ToolAnnotations;
  readonly scopesRequired: readonly string[];
  /** What a call counts for in limits of `cost`; 1 where it is not said. */
  readonly cost?: number | undefined;
  /** Of what a caller passes, by name; empty where a schema stands in for parameters. */
  readonly argumentTypes: Readonly<Record<string, ArgumentType>>;
  /** Parameters whose values came through the secure channel of a client: they are shown to nobody. */
  readonly secureParameters: readonly string[];
}
