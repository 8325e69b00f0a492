/**
 * authserver/clients: who may ask for tokens.
 *
 * Owns what a client is (`client.ts`) and the three ways to be one: declared in the configuration
 * (`declared-clients.ts`; `agent-client.ts`: an agent of identity), registered by itself (`registration-rules.ts`, pure; `registrar.ts` with limits and
 * management), or described by a document at its `client_id` (`metadata-url.ts`, `metadata-document.ts` and
 * `freshness.ts`, pure; `document-resolver.ts`). `client-directory.ts` finds one by its `client_id`;
 * `client-metadata.ts` is what the last two may say of themselves; `provider-metadata.ts` how oidc-provider and
 * the wire have it; `display.ts` what people are shown. Redirect URIs: `#contract` (`redirect-uri.ts`).
 * Does not own how a client proves itself at the token endpoint (oidc-provider), consent, the routes.
 * Table: `oauth_clients`. RFC 6749 §2, RFC 7591, RFC 7592, RFC 8252 §7 and §8, RFC 8705 §2, RFC 9700 §2.1,
 * RFC 9111, draft-ietf-oauth-client-id-metadata-document-02. docs/clients.md, ADR 25.
 */
export {
  compareClientSecret,
  mayRedirectTo,
  securityDigest,
  type CertificateName,
  type ClientOrigin,
  type OAuthClient,
} from './client.ts';
export { ClientDirectory, type ClientDirectoryParts } from './client-directory.ts';
export type { DeclaredClients } from './declared-clients.ts';
export { displayOf, type ClientDisplay } from './display.ts';
export { DocumentResolver, RESOLVER_LIMITS, type ResolverLimits, type ResolverParts } from './document-resolver.ts';
export { guardedFetch } from './guarded-fetch.ts';
export type { ProviderMetadata } from './provider-metadata.ts';
export { ClientRegistrar, type Registrant, type RegistrarParts, type RegistrationResponse } from './registrar.ts';
export { readRegistration, REGISTRATION_SETTINGS, type RegistrationSettings } from './registration-rules.ts';
