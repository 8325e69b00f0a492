/**
 * outgoing-auth: how requests to others are authorized.
 *
 * Owns the port `OutgoingAuth`, the ways to fill it in (`ways/`, one a file) and the tokens that they fetch and keep
 * (`tokens/`). Does not own: where tokens of people are kept (authserver, behind `CallerFace`), what may be reached
 * at all (egress), what is sent (toolbox, servers).
 *
 * | `type` | the request carries | of whom |
 * |---|---|---|
 * | `none` | nothing | |
 * | `secret` | a credential of the vault, as its kind is sent | ours |
 * | `clientCredentials` | a token of ours (RFC 6749 §4.4) | ours |
 * | `upstream` | the caller's access token at an identity provider | each caller's |
 * | `tokenExchange` | a token that was had for the caller's (RFC 8693) | each caller's |
 * | `idJag` | a token that was had for an assertion of the caller's identity provider (ID-JAG, RFC 7523) | each caller's |
 * | `awsSts` | a signature with keys of a role that a token opened (AWS STS, SigV4) | each caller's, or ours |
 * | `clientCertificate` | nothing: the TLS connection says who we are | ours |
 *
 * A destination receives what was meant for it and nothing else: never the token that the caller came with.
 */
export type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets, TlsIdentity } from './outgoing-auth.ts';
export { openServerOAuth, serverOAuthError } from './server-oauth/index.ts';
export { openOutgoingAuth } from './open-outgoing-auth.ts';
export type { OutgoingAuthParts, OutgoingSecrets } from './parts.ts';
export { filledHeaders, filledParameter, neededUpstream, sourceWay, tokenEndpoints } from './config-facts.ts';
export { secretParts } from './secret-parts.ts';
