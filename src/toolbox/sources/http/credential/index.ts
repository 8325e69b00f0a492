/**
 * sources/http/credential: `auth:` of a source. The kind of the secret decides how it is sent:
 *
 * | kind | sent as |
 * |---|---|
 * | `api-key` | a header, or a query parameter (`in`, `name`) |
 * | `basic` | `Authorization: Basic …` (RFC 7617) |
 * | `bearer` | `Authorization: Bearer …` (RFC 6750 §2.1) |
 * | `oauth-client` | a token of `tokenUrl`, as a bearer token (RFC 6749 §4.4) |
 * | `mtls` | the client certificate of the TLS connection |
 *
 * `auth-fields.ts` has the fields, `sent-credential.ts` what is added to a request, `client-credentials.ts`
 * the tokens. Where a credential may travel is for the source and for `../../../egress`: to the origin of
 * `baseUrl`, a client secret to `tokenUrl`, and nowhere else.
 */
export { authFields, credentialHeader, type HttpAuth } from './auth-fields.ts';
export { ClientCredentials, type AccessToken } from './client-credentials.ts';
export { credentialParts, sentCredential, type SentCredential } from './sent-credential.ts';
