/**
 * The port to an MCP server behind us. The toolbox opens one for each `mcpServer` document, carries it over a reload
 * that says nothing new of it, and retires it as it does sources; what it offers stands among what documents declare.
 */
import type { McpServerDeclaration } from '#contract';
import type { Prompt, Resource, ResourceTemplate, SourceState, Tool } from './snapshot.ts';

export interface FederatedServer {
  readonly declaration: McpServerDeclaration;
  /** What is known of it now; nothing before it has answered for the first time. Never asks the server. */
  offer(): ServerOffer;
  readonly state: SourceState;
  /** Ends with the last of its running calls; resolves when everything is closed. Idempotent. */
  retire(): Promise<void>;
}

/** Each entry once, under its name in the namespace and the one that it has at the server. */
export interface ServerOffer {
  readonly instructions: string | undefined;
  readonly tools: readonly { readonly tool: Tool; readonly theirName: string }[];
  readonly prompts: readonly Offered<Prompt>[];
  readonly resources: readonly Offered<Resource>[];
  readonly resourceTemplates: readonly Offered<ResourceTemplate>[];
  /** Reads what the server lists nowhere, at its own door alone; undefined where it has no resources. */
  readonly unlisted: ResourceTemplate | undefined;
}

/** `here` is as the namespace knows it, `there` as the server's own door shows it. */
export interface Offered<Entry> {
  readonly here: Entry;
  readonly there: Entry;
}

export type OpenServer = (declaration: McpServerDeclaration) => FederatedServer;
