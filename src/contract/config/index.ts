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
export { parameterSchema, promptArgumentSchema, type ParameterDeclaration } from './parameter.ts';
export { toolSchema, type ToolCommon } from './tool.ts';
export { sourceSchema, type SourceCommon } from './source.ts';
export { isPem } from './pem.ts';
export type { AgentListenerSettings, TlsClientSettings } from './tls.ts';
export { isThisMachine, type DatabaseSettings, type PostgresSettings } from './database.ts';
export { publicUrlOf, serverSchema, unsafeBind, type ServerSettings } from './server.ts';
export {
  CLIENT_AUTH_METHODS,
  CLIENT_GRANTS,
  DYNAMIC_CLIENT_PREFIX,
  oauthClientSchema,
  type ClientAuthMethod,
  type ClientGrant,
  type OAuthClientCommon,
} from './oauth-client.ts';
export { publicJwks, type PublicJwks } from './public-jwks.ts';
export { LONGEST_REDIRECT_URI, matchesRedirectUri, parseRedirectUri, type RedirectUri } from './redirect-uri.ts';
export { roleBindingSchema, type RoleBindingCommon } from './role-binding.ts';
export {
  issuerOfUpstream,
  primaryUpstream,
  subjectOfUpstream,
  UPSTREAM_TYPES,
  type UpstreamCommon,
} from './upstream.ts';
export { auditSchema, type AuditAnchorSettings, type AuditExportSettings, type AuditSettings } from './audit.ts';
export type { KeyWrapperSettings, VaultSettings } from './vault.ts';
export { backupSchema, RECIPIENT_PREFIX, type BackupSettings } from './backup.ts';
export { contentBlockSchema } from './prompt.ts';
export { APP_MIME_TYPE } from './resource.ts';
