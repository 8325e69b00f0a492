/**
 * A whole configuration, parsed: what the loader gives and everything above is built from.
 */
import type { AuthServiceCommon } from './auth-service.ts';
import type { EmbeddingModelCommon } from './embedding-model.ts';
import type { GroupCommon } from './group.ts';
import type { LimitCommon } from './limit.ts';
import type { MaskCommon } from './mask.ts';
import type { McpServerCommon } from './mcp-server.ts';
import type { OAuthClientCommon } from './oauth-client.ts';
import type { Declared } from './position.ts';
import type { OwnerCommon } from './owner.ts';
import type { PolicyCommon } from './policy.ts';
import type { PromptCommon } from './prompt.ts';
import type { ResourceTemplateCommon } from './resource-template.ts';
import type { ResourceCommon } from './resource.ts';
import type { RoleBindingCommon } from './role-binding.ts';
import type { ServerSettings } from './server.ts';
import type { SourceCommon } from './source.ts';
import type { ToolRegistration } from '../catalogue-tool.ts';
import type { ToolCommon } from './tool.ts';
import type { ToolsetCommon } from './toolset.ts';
import type { UpstreamCommon } from './upstream.ts';

/** `fields`: what the schema of the source type made of the rest of the document. */
export type SourceDeclaration = Declared & SourceCommon & { readonly fields: unknown };
/** `fields`: what the schema of the tool type made of the rest of the document. */
export type ToolDeclaration = Declared &
  ToolCommon & {
    readonly fields: unknown;
    /** Of a tool that a publisher registered: it stands in no file. */
    readonly registration?: ToolRegistration;
  };
export type ToolsetDeclaration = Declared & ToolsetCommon;
export type GroupDeclaration = Declared & GroupCommon;
export type AuthServiceDeclaration = Declared & AuthServiceCommon;
export type PromptDeclaration = Declared & PromptCommon;
export type ResourceDeclaration = Declared & ResourceCommon;
export type ResourceTemplateDeclaration = Declared & ResourceTemplateCommon;
export type RoleBindingDeclaration = Declared & RoleBindingCommon;
export type OAuthClientDeclaration = Declared & OAuthClientCommon;
export type UpstreamDeclaration = Declared & UpstreamCommon;
export type OwnerDeclaration = Declared & OwnerCommon;
export type PolicyDeclaration = Declared & PolicyCommon;
export type LimitDeclaration = Declared & LimitCommon;
export type MaskDeclaration = Declared & MaskCommon;
export type McpServerDeclaration = Declared & McpServerCommon;
export type EmbeddingModelDeclaration = Declared & EmbeddingModelCommon;

/** Every document of every file, by kind, in the order of files and documents. */
export interface Configuration {
  readonly sources: readonly SourceDeclaration[];
  readonly tools: readonly ToolDeclaration[];
  readonly toolsets: readonly ToolsetDeclaration[];
  readonly groups: readonly GroupDeclaration[];
  readonly authServices: readonly AuthServiceDeclaration[];
  readonly prompts: readonly PromptDeclaration[];
  readonly resources: readonly ResourceDeclaration[];
  readonly resourceTemplates: readonly ResourceTemplateDeclaration[];
  readonly embeddingModels: readonly EmbeddingModelDeclaration[];
  readonly roleBindings: readonly RoleBindingDeclaration[];
  readonly clients: readonly OAuthClientDeclaration[];
  readonly upstreams: readonly UpstreamDeclaration[];
  readonly owners: readonly OwnerDeclaration[];
  readonly policies: readonly PolicyDeclaration[];
  readonly limits: readonly LimitDeclaration[];
  readonly masks: readonly MaskDeclaration[];
  readonly mcpServers: readonly McpServerDeclaration[];
  /** The `server` document, or its defaults where there is none. */
  readonly server: ServerSettings;
}
