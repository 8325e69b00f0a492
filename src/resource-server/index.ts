/**
 * resource-server: whose tokens open which doors (OAuth 2.1 §5, MCP Authorization).
 *
 * Owns the resources there are and what a token for one is good for (`resources/`), what makes a token
 * count (`tokens/`), whether whoever presents one has the keys that it is bound to (`confirmation/`), what is asked of identity providers and how long it is believed (`provider/`), the
 * services of the configuration (`services/`), and the two ways a token comes: behind `Bearer ` or `DPoP `
 * (`bearer-tokens.ts`), where it says who calls, and in a header of its own (`native-tokens.ts`), where it
 * says on whose behalf. Does not own: where a credential stands in a request, and how a refusal is told
 * (gateway); API keys and sessions, and what people may do (identity); tokens of our own, which their
 * issuer verifies behind the port of `issuer.ts`.
 *
 * RFC 6750 (bearer tokens), RFC 7515, 7517, 7519 and 8725 (JWT), RFC 7662 (introspection), RFC 8414 and
 * OpenID Connect Discovery, RFC 8707 (resources), RFC 9068 (JWT access tokens), RFC 9728 (metadata);
 * of bound tokens what `confirmation/` says.
 */
export {
  ResourceServer,
  type DoorChallenge,
  type ResourceServerOptions,
  type ServiceStanding,
} from './resource-server.ts';
export type { People } from './bearer-tokens.ts';
export type { Issuer } from './issuer.ts';
export { nativeHeader } from './native-tokens.ts';
export type { GooglePlaces } from './provider/google.ts';
export type { IntrospectionClient } from './provider/introspection.ts';
export { admissionOf, type Admission } from './resources/admission.ts';
export { originReached, underPublicOrigin } from './resources/loopback-origin.ts';
export { METADATA_PATH, pathOf, placeOfMetadata, placeOfUrl, resourceUrl } from './resources/resource-url.ts';
export type { CheckedToken } from './tokens/claims.ts';
export type { ConfirmationParts } from './confirmation/index.ts';
export { withoutClient } from './services/services.ts';
export { VerifiedTokens } from './tokens/verified-tokens.ts';
