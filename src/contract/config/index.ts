/**
 * contract/config: the documents of a configuration, one file a kind, as zod schemas.
 *
 * `kinds.ts` lists them; `configuration.ts` is what a whole configuration parses to. Fields of source
 * and tool types are not here: each type brings its own schema (`toolbox/sources/`).
 */
export * from './position.ts';
export * from './configuration.ts';
export * from './kinds.ts';
export { fieldsAt, schemasAt, unwrap } from './schema-fields.ts';
export { secretReference, secretValue, takesVaultSecret, type SecretValue } from './secret-value.ts';
export {
  absoluteUrl,
  DEFAULT_NAMESPACE,
  duration,
  isLoopbackHost,
  jsonObject,
  namespaceName,
  resourceName,
  scopeToken,
  secretText,
  size,
} from './common.ts';
export { outgoingAuthSchema, type OutgoingAuthConfig, type OutgoingAuthOf } from './outgoing-auth.ts';
export { parameterSchema, promptArgumentSchema, type ParameterDeclaration } from './parameter.ts';
export { toolSchema, type ToolCommon } from './tool.ts';
export { TOOL_STATUSES, toolVersion, type ToolEntry, type ToolStatus } from './tool-entry.ts';
export { sourceSchema, type SourceCommon } from './source.ts';
export { emailAlertsSchema, type EmailAlerts } from './alerts.ts';
export { approvalsSchema, type ApprovalSettings } from './approvals.ts';
export { egressTlsSchema, type EgressTlsConfig } from './egress.ts';
export { isPem } from './pem.ts';
export type { AgentListenerSettings, InternalListenerSettings, MutualTlsSettings, TlsClientSettings } from './tls.ts';
export { parseWorkloadEndpoint, type WorkloadApiSettings, type WorkloadEndpoint } from './workload-api.ts';
export type { ExchangeSettings } from './exchange.ts';
export { isThisMachine, type DatabaseSettings, type PostgresSettings } from './database.ts';
export { replicaAddress, unsafeReplicaAddress, type ReplicaSettings } from './replica.ts';
export { publicUrlOf, serverSchema, unsafeBind, type ServerSettings } from './server.ts';
export {
  AGENT_CLIENT_PREFIX,
  CLIENT_AUTH_METHODS,
  CLIENT_GRANTS,
  COMMAND_LINE_CLIENT_ID,
  DYNAMIC_CLIENT_PREFIX,
  oauthClientSchema,
  type ClientAuthMethod,
  type ClientGrant,
  type OAuthClientCommon,
} from './oauth-client.ts';
export {
  SIGNING_ALGORITHMS,
  signingKeysSchema,
  type SigningAlgorithm,
  type SigningKeySettings,
} from './signing-keys.ts';
export { authorizationServerSchema, type AuthorizationServerSettings } from './authorization-server.ts';
export { GATEWAY_OWNER, ownerSchema, type OwnerCommon } from './owner.ts';
export { contrastOf, LEAST_CONTRAST, themeSchema, type ThemeSettings } from './theme.ts';
export { listingSchema, progressiveFrom, PROGRESSIVE_TOOLS, type Listing } from './listing.ts';
export { holdsSecretKey, publicJwks, type PublicJwks } from './public-jwks.ts';
export { LONGEST_REDIRECT_URI, matchesRedirectUri, parseRedirectUri, type RedirectUri } from './redirect-uri.ts';
export { ID_JAG_TOKEN_TYPE, ID_JAG_TYPE, trustedIssuersSchema, type TrustedIssuer } from './trusted-issuers.ts';
export {
  HIGHEST_PRIORITY,
  LONGEST_CEDAR,
  policyFields,
  policyPriority,
  policySchema,
  type PolicyCommon,
} from './policy.ts';
export {
  KNOWN_PATTERNS,
  MASK_METHODS,
  maskNames,
  maskSchema,
  type KnownPattern,
  type MaskCommon,
  type MaskMethod,
} from './mask.ts';
export { mcpServerSchema, prefixOf, type McpServerCommon } from './mcp-server.ts';
export { UNTRUSTED, type OutputSettings } from './outputs.ts';
export { roleBindingSchema, type RoleBindingCommon } from './role-binding.ts';
export {
  LIMIT_PER,
  limitPer,
  limitSchema,
  limitSelection,
  limitsText,
  type LimitCommon,
  type LimitPer,
} from './limit.ts';
export type { CountersSettings, RedisCountersSettings } from './counters.ts';
export { UPSTREAM_TYPES, type UpstreamCommon } from './upstream.ts';
export { serverOAuthSchema, type ServerOAuth } from './server-oauth.ts';
export {
  displayNameOfUpstream,
  issuerOfUpstream,
  primaryProvider,
  primaryUpstream,
  subjectOfUpstream,
} from './upstream-facts.ts';
export { auditSchema, type AuditAnchorSettings, type AuditExportSettings, type AuditSettings } from './audit.ts';
export type { KeyWrapperSettings, VaultSettings } from './vault.ts';
export type { MountedSecret } from './mounted-secrets.ts';
export { backupSchema, RECIPIENT_PREFIX, type BackupSettings } from './backup.ts';
export { contentBlockSchema } from './prompt.ts';
export { APP_MIME_TYPE } from './resource.ts';
