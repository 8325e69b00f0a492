/**
 * The parts of MCP that modules hand each other: content, tool annotations, and what a tool may ask
 * of the client behind a call. Names and shapes are the specification's (schema 2026-07-28).
 */
import type { JsonObject, JsonValue } from '#kernel';

export interface ContentAnnotations {
  readonly audience?: readonly ('user' | 'assistant')[];
  readonly priority?: number;
  readonly lastModified?: string;
}

interface ContentBase {
  readonly annotations?: ContentAnnotations;
  readonly _meta?: JsonObject;
}

export type ContentBlock = ContentBase &
  (
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
    | { readonly type: 'resource'; readonly resource: ResourceContents }
    | {
        readonly type: 'resource_link';
        readonly uri: string;
        readonly name: string;
        readonly title?: string;
        readonly description?: string;
        readonly mimeType?: string;
      }
  );

export type ResourceContents = { readonly uri: string; readonly mimeType?: string; readonly _meta?: JsonObject } & (
  | { readonly text: string }
  | { readonly blob: string }
);

export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlock;
}

/** Hints about a tool's behaviour; untrusted to a client, truthful from us. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type McpLogLevel = (typeof LOG_LEVELS)[number];

/** A request that only the client can answer: a model's completion, a person's input, its roots. */
export type InputRequest =
  | { readonly method: 'sampling/createMessage'; readonly params: JsonObject }
  | { readonly method: 'elicitation/create'; readonly params: JsonObject }
  | { readonly method: 'roots/list'; readonly params?: JsonObject };

/**
 * The client behind a call, as a tool, prompt or resource sees it. Both eras of MCP stand behind it:
 * the session eras send requests down the open stream and wait; the stateless era ends the call with
 * `input_required` and runs the handler again with the answers.
 */
/**
 * The member of a state with which a call goes on in the process that left it alone: something of the call waits in
 * its memory. Its value says nothing.
 */
export const GOES_ON_HERE = 'dev.chatelaine/here';

export interface ClientFace {
  /** `notifications/progress`; does nothing when the caller sent no progress token. */
  progress(progress: number, total?: number, message?: string): void;
  /** `notifications/message`, when the caller asked for messages of that level. */
  log(level: McpLogLevel, data: JsonValue, logger?: string): void;
  /** The least severe level of messages that the client wants to hear; undefined where it wants none. */
  readonly logLevel?: McpLogLevel | undefined;
  /** What the client said it can do, by capability name: `sampling`, `elicitation`, `roots`. */
  readonly capabilities: JsonObject;
  /**
   * Asks the client and resolves to its answers under the same keys.
   *
   * On a stateless revision the handler runs again from its start when the answers come: keep
   * what must not be computed twice in `state`, which comes back sealed.
   * Throws `MISSING_CLIENT_CAPABILITY` when the client cannot answer one of them.
   */
  request(
    inputs: Readonly<Record<string, InputRequest>>,
    state?: JsonValue,
  ): Promise<Readonly<Record<string, JsonObject>>>;
  /** The state that an earlier round left with `request`, or undefined in the first round. */
  readonly state: JsonValue | undefined;
}

/** The client as the pipeline sees it. A page of ours is nothing that a tool may have opened in its words. */
export interface CallingClient extends ClientFace {
  /**
   * Ends the call by asking the person at the client to open a page (URL mode of elicitation). Resolves where the
   * client cannot open any, or has been asked: what it answers to that says nothing of what happened on the page.
   */
  openPage(page: PageToOpen): Promise<void>;
}

/** A page of ours that a person is to open. */
export interface PageToOpen {
  /** Tells it from others that the same call asks for. */
  readonly id: string;
  readonly url: URL;
  /** Why, for the person. */
  readonly message: string;
}

/**
 * What `ClientFace.request` rejects with when the call ends in another way than an answer: the client
 * must be asked first, or cannot be. Whoever wraps a handler's errors lets this pass untouched.
 */
export class ClientInterruption extends Error {}

/** The round of a call ends with a question to the client: the answers come with the next. */
export class RoundEnded extends ClientInterruption {}

/** JSON-RPC codes of refusals that only the client itself can do something about. */
export const CLIENT_LACKS_CAPABILITY = -32021;
export const PAGES_REQUIRED = -32042;

/** What another server told the client through us: that it lacks a capability, or that a person is to open pages. */
export class PassedRefusal extends ClientInterruption {
  readonly code: typeof CLIENT_LACKS_CAPABILITY | typeof PAGES_REQUIRED;
  readonly data: JsonObject;

  constructor(code: PassedRefusal['code'], message: string, data: JsonObject) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
