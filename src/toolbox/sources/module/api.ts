/**
 * What the author of a module imports: `import { defineTool, z } from 'chatelaine/module'`.
 *
 * A module is a TypeScript or JavaScript file that exports definitions; a configuration document
 * names the file (`kind: source, type: module`) and each export it publishes. Modules are trusted
 * code: they run with the rights of the server and come from configuration files alone.
 *
 * The functions here only mark their argument and give it types. Everything that happens around a
 * handler (validation, time, the client's answers) is in the neighbouring files.
 */
import { z } from 'zod';
import type {
  ContentAnnotations,
  ContentBlock,
  McpLogLevel,
  PromptMessage,
  ResourceContents,
  ToolAnnotations,
  InputRequest,
} from '#contract';
import type { JsonObject, JsonValue, Logger } from '#kernel';

export { z };
export { ToolFailure } from './tool-failure.ts';
export type { ContentBlock, JsonObject, JsonValue, PromptMessage, ResourceContents, ToolAnnotations };

/** A zod schema (parsed at the call; published as JSON Schema), or JSON Schema 2020-12 published exactly as written. */
export type Schema = z.ZodType | JsonObject;

/** What a handler receives for a schema: the parsed type of a zod schema, else plain JSON. */
export type Parsed<S> = S extends z.ZodType ? z.output<S> : JsonObject;

export interface ToolDefinition<Input extends Schema = Schema> {
  readonly title?: string;
  readonly description?: string;
  readonly annotations?: ToolAnnotations;
  /** Must describe an object. Absent: the tool takes no arguments. */
  readonly inputSchema?: Input;
  /** When present, every successful answer carries `structuredContent` and is checked against it. */
  readonly outputSchema?: Schema;
  readonly _meta?: JsonObject;
  handler(args: Parsed<Input>, context: ModuleContext): ToolAnswer | Promise<ToolAnswer>;
}

/**
 * What a tool may answer with: text, any JSON value, nothing, or a complete result. An object is a
 * complete result when it has no keys but `content`, `structuredContent`, `isError` and `_meta`, and
 * one of the first two.
 */
export type ToolAnswer = JsonValue | ToolResult | object | undefined | void;

export interface ToolResult {
  readonly content?: readonly ContentBlock[];
  readonly structuredContent?: JsonObject;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** An argument of a prompt. `complete` suggests values for what was typed so far. */
export interface PromptArgumentDefinition {
  readonly title?: string;
  readonly description?: string;
  /** Default true. */
  readonly required?: boolean;
  readonly complete?: Completion;
}

/**
 * Values that fit what was typed so far, best first; the arguments filled in already come along.
 * The protocol carries at most 100; the rest is cut by the server.
 */
export type Completion = (
  typed: string,
  filled: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

export type PromptArguments = Readonly<Record<string, PromptArgumentDefinition>>;

export type PromptValues<Arguments extends PromptArguments> = {
  readonly [Name in keyof Arguments]: Arguments[Name] extends { readonly required: false }
    ? string | undefined
    : string;
};

export interface PromptDefinition<Arguments extends PromptArguments = PromptArguments> {
  readonly title?: string;
  readonly description?: string;
  readonly arguments?: Arguments;
  /** A string is one message of the user. */
  handler(args: PromptValues<Arguments>, context: ModuleContext): PromptAnswer | Promise<PromptAnswer>;
}

export type PromptAnswer = string | readonly PromptMessage[];

interface ResourceFactsDefinition {
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly annotations?: ContentAnnotations;
  readonly _meta?: JsonObject;
}

/** The URI stands in the configuration document. */
export interface ResourceDefinition extends ResourceFactsDefinition {
  /** Bytes, when known. */
  readonly size?: number;
  read(context: ModuleContext): ResourceAnswer | Promise<ResourceAnswer>;
  /** Calls `changed` whenever the content changed, until the signal aborts. */
  subscribe?(changed: () => void, signal: AbortSignal): void;
}

/** The URI template, e.g. `city://{country}/{name}`, stands in the configuration document. */
export interface ResourceTemplateDefinition extends ResourceFactsDefinition {
  /** By variable. */
  readonly complete?: Readonly<Record<string, Completion>>;
  read(
    variables: Readonly<Record<string, string>>,
    context: ModuleContext & { readonly uri: string },
  ): ResourceAnswer | Promise<ResourceAnswer>;
}

/** Text, bytes, or whole contents. `uri` and `mimeType` are filled in where they are missing. */
export type ResourceAnswer = string | Uint8Array | ResourcePart | readonly ResourcePart[];

export type ResourcePart = { readonly uri?: string; readonly mimeType?: string; readonly _meta?: JsonObject } & (
  | { readonly text: string }
  /** Bytes, or base64. */
  | { readonly blob: string | Uint8Array }
);

/** What a handler has in hand besides its arguments. */
export interface ModuleContext {
  /** Aborted when the caller goes away or cancels, or the tool's timeout is up. */
  readonly signal: AbortSignal;
  /** Tells the client how far the work is; does nothing when the client did not ask. */
  progress(progress: number, total?: number, message?: string): void;
  /** Sends a log message to the client, when it asked for messages of that level. */
  log(level: McpLogLevel, data: JsonValue, logger?: string): void;
  /** The server's own log; the client never sees it. */
  readonly logger: Logger;
  /** What the client can do, by capability name: `sampling`, `elicitation`, `roots`. */
  readonly capabilities: JsonObject;
  /**
   * Asks the client several things at once under names of your own.
   *
   * On the stateless revision of MCP the call ends here with the questions, and the handler runs
   * again from its start when the client comes back with the answers; those of earlier rounds are
   * given again at once. `state` is what you want back then as `context.state`. The four methods
   * below name their questions by their order, so ask in the same order on every run.
   */
  request(
    inputs: Readonly<Record<string, InputRequest>>,
    state?: JsonValue,
  ): Promise<Readonly<Record<string, JsonObject>>>;
  /** The state that the last `request` left, when the handler runs again because of it. */
  readonly state: JsonValue | undefined;
  /** Asks the client's model: `sampling/createMessage`. */
  sample(params: SamplingParams): Promise<SamplingAnswer>;
  /** Asks the person for values that fit a flat JSON Schema. Never ask for secrets this way. */
  elicit(message: string, requestedSchema: JsonObject): Promise<ElicitationAnswer>;
  /** Asks the person to open a URL: a sign-in, a payment, anything the client must not see. */
  elicitUrl(message: string, url: string): Promise<ElicitationAnswer>;
  /** The folders that the client works in. */
  listRoots(): Promise<readonly Root[]>;
}

export interface SamplingParams {
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: ContentBlock }[];
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly modelPreferences?: JsonObject;
  readonly metadata?: JsonObject;
}

export interface SamplingAnswer {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlock | readonly ContentBlock[];
  readonly model: string;
  readonly stopReason?: string;
}

export interface ElicitationAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  /** The values, when the person accepted a form. */
  readonly content?: JsonObject;
}

export interface Root {
  readonly uri: string;
  readonly name?: string;
}

// `kind` is how the loader tells the four apart, whatever copy of this package marked them.

export const defineTool = <Input extends Schema>(
  definition: ToolDefinition<Input>,
): ToolDefinition<Input> & { readonly kind: 'tool' } => ({ ...definition, kind: 'tool' });

export const definePrompt = <const Arguments extends PromptArguments>(
  definition: PromptDefinition<Arguments>,
): PromptDefinition<Arguments> & { readonly kind: 'prompt' } => ({ ...definition, kind: 'prompt' });

export const defineResource = (definition: ResourceDefinition): ResourceDefinition & { readonly kind: 'resource' } => ({
  ...definition,
  kind: 'resource',
});

export const defineResourceTemplate = (
  definition: ResourceTemplateDefinition,
): ResourceTemplateDefinition & { readonly kind: 'resourceTemplate' } => ({ ...definition, kind: 'resourceTemplate' });
