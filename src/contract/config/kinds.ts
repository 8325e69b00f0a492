/**
 * The kinds of documents: one table, from which documents are read and the reference is written.
 */
import type { z } from 'zod';
import { genericAuthServiceSchema, googleAuthServiceSchema } from './auth-service.ts';
import { geminiEmbeddingModelSchema } from './embedding-model.ts';
import { groupSchema } from './group.ts';
import { limitSchema } from './limit.ts';
import { maskSchema } from './mask.ts';
import { mcpServerSchema } from './mcp-server.ts';
import { oauthClientSchema } from './oauth-client.ts';
import { ownerSchema } from './owner.ts';
import { policySchema } from './policy.ts';
import { customPromptSchema, modulePromptSchema } from './prompt.ts';
import { fileResourceTemplateSchema, moduleResourceTemplateSchema } from './resource-template.ts';
import { roleBindingSchema } from './role-binding.ts';
import { fileResourceSchema, moduleResourceSchema, textResourceSchema } from './resource.ts';
import { serverSchema } from './server.ts';
import { sourceSchema } from './source.ts';
import { toolSchema } from './tool.ts';
import { toolsetSchema } from './toolset.ts';
import { UPSTREAM_TYPES } from './upstream.ts';

export type Kind =
  | 'source'
  | 'tool'
  | 'toolset'
  | 'group'
  | 'authService'
  | 'prompt'
  | 'resource'
  | 'resourceTemplate'
  | 'embeddingModel'
  | 'roleBinding'
  | 'client'
  | 'upstream'
  | 'owner'
  | 'policy'
  | 'limit'
  | 'mask'
  | 'mcpServer'
  | 'server';

/** How the schema of a document is found: one for the kind, one per `type`, or common fields and a catalogue. */
export type KindSchema =
  | { readonly of: 'kind'; readonly schema: z.ZodType }
  | { readonly of: 'type'; readonly types: Readonly<Record<string, z.ZodType>>; readonly fallback?: string }
  | { readonly of: 'catalog'; readonly common: z.ZodObject };

export interface KindEntry {
  /** The key of the older nested form, and a `kind` that Toolbox once wrote. None for kinds of our own. */
  readonly plural?: string;
  /** One sentence for the reference. */
  readonly summary: string;
  readonly schema: KindSchema;
}

export const KINDS: Readonly<Record<Kind, KindEntry>> = {
  source: {
    plural: 'sources',
    summary: 'A connection to something callable: a database, an HTTP API, a module of handlers.',
    schema: { of: 'catalog', common: sourceSchema },
  },
  tool: {
    plural: 'tools',
    summary: 'Something an agent can call.',
    schema: { of: 'catalog', common: toolSchema },
  },
  toolset: {
    plural: 'toolsets',
    summary: 'A named selection of tools with a URL of its own.',
    schema: { of: 'kind', schema: toolsetSchema },
  },
  group: {
    plural: 'groups',
    summary: 'A named selection of tools, prompts and resources with a URL of its own.',
    schema: { of: 'kind', schema: groupSchema },
  },
  authService: {
    plural: 'authServices',
    summary: 'Someone who vouches for callers.',
    schema: { of: 'type', types: { google: googleAuthServiceSchema, generic: genericAuthServiceSchema } },
  },
  prompt: {
    plural: 'prompts',
    summary: 'Messages that a person picks and fills in.',
    schema: { of: 'type', types: { custom: customPromptSchema, module: modulePromptSchema }, fallback: 'custom' },
  },
  resource: {
    plural: 'resources',
    summary: 'Something to read at a fixed URI.',
    schema: {
      of: 'type',
      types: { text: textResourceSchema, file: fileResourceSchema, module: moduleResourceSchema },
    },
  },
  resourceTemplate: {
    plural: 'resourceTemplates',
    summary: 'Things to read at the URIs of a template.',
    schema: { of: 'type', types: { file: fileResourceTemplateSchema, module: moduleResourceTemplateSchema } },
  },
  embeddingModel: {
    plural: 'embeddingModels',
    summary: 'Turns text into vectors for parameters with `embeddedBy`.',
    schema: { of: 'type', types: { gemini: geminiEmbeddingModelSchema } },
  },
  roleBinding: {
    summary: 'A role, given to a user, a group or an agent.',
    schema: { of: 'kind', schema: roleBindingSchema },
  },
  client: {
    summary: 'An OAuth client of the authorization server that needs not register itself.',
    schema: { of: 'kind', schema: oauthClientSchema },
  },
  upstream: {
    summary: 'An identity provider that people sign in at, or that keeps tokens of theirs.',
    schema: { of: 'type', types: UPSTREAM_TYPES },
  },
  owner: {
    summary: 'A resource that the authorization server issues tokens for, and whose it is.',
    schema: { of: 'kind', schema: ownerSchema },
  },
  policy: {
    summary: 'Who may do what to which tools, and what is asked for in return.',
    schema: { of: 'kind', schema: policySchema },
  },
  limit: {
    summary: 'How much callers may do: calls, rows, bytes and cost over time, and calls at once.',
    schema: { of: 'kind', schema: limitSchema },
  },
  mask: {
    summary: 'What of answers is taken out before anybody sees it.',
    schema: { of: 'kind', schema: maskSchema },
  },
  mcpServer: {
    summary: 'An MCP server behind this one, whose tools, prompts and resources stand among ours.',
    schema: { of: 'kind', schema: mcpServerSchema },
  },
  server: {
    summary: 'How the process listens, limits itself and reports. At most one.',
    schema: { of: 'kind', schema: serverSchema },
  },
};

/** The kind that a word names: a kind, or the plural that Toolbox once wrote. */
export function kindNamed(word: string): Kind | undefined {
  if (Object.hasOwn(KINDS, word)) return word as Kind;
  for (const [kind, entry] of Object.entries(KINDS)) if (entry.plural === word) return kind as Kind;
  return undefined;
}
