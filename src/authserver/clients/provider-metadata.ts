import { reveal, type Secret } from '#kernel';
import type { ClientMetadata } from './client-metadata.ts';
import { asHashedSecret, GRANT_TYPES, type OAuthClient } from './client.ts';

/** Client metadata by its registered names (RFC 7591 §2, RFC 8705, RFC 9126, RFC 9449), as oidc-provider reads it. */
export type ProviderMetadata = Readonly<Record<string, unknown>> & { readonly client_id: string };

/**
 * The client as oidc-provider has it. `client_secret` is the digest with its mark, for `compareClientSecret`:
 * the provider never holds a secret, so no algorithm with a shared key can be used with one.
 */
export function providerMetadata(client: OAuthClient): ProviderMetadata {
  const { certificate } = client;
  return withoutUndefined({
    ...wireMetadata(client),
    client_id: client.clientId,
    client_id_issued_at: client.issuedAt,
    // Whoever has no name of its own is called by its identifier.
    client_name: client.name,
    client_secret: client.secretHash === undefined ? undefined : asHashedSecret(client.secretHash),
    client_secret_expires_at: client.secretHash === undefined ? undefined : 0,
    tls_client_certificate_bound_access_tokens: client.certificateBoundAccessTokens || undefined,
    tls_client_auth_subject_dn: certificate?.subjectDn,
    tls_client_auth_san_dns: certificate?.sanDns,
    tls_client_auth_san_uri: certificate?.sanUri,
    tls_client_auth_san_ip: certificate?.sanIp,
    tls_client_auth_san_email: certificate?.sanEmail,
  }) as ProviderMetadata;
}

/** What a client that registered is answered with (RFC 7591 §3.2.1, RFC 7592 §3). */
export interface RegistrationAnswer {
  readonly clientId: string;
  readonly issuedAt: number;
  readonly metadata: ClientMetadata;
  /** Shown this once. */
  readonly secret?: Secret | undefined;
  readonly registrationToken: Secret;
  readonly registrationUri: string;
}

/** That answer as the wire has it. The secrets in it are handed over to whom they were made for. */
export function registrationResponse(answer: RegistrationAnswer): Readonly<Record<string, unknown>> {
  return withoutUndefined({
    ...wireMetadata(answer.metadata),
    client_id: answer.clientId,
    client_id_issued_at: answer.issuedAt,
    client_secret: answer.secret && reveal(answer.secret),
    client_secret_expires_at: answer.secret && 0,
    registration_access_token: reveal(answer.registrationToken),
    registration_client_uri: answer.registrationUri,
  });
}

function wireMetadata(client: ClientMetadata): Record<string, unknown> {
  const codes = client.grants.includes('authorization_code');
  return withoutUndefined({
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris:
      client.postLogoutRedirectUris.length === 0 ? undefined : [...client.postLogoutRedirectUris],
    grant_types: client.grants.map((grant) => GRANT_TYPES[grant]),
    response_types: codes ? ['code'] : [],
    token_endpoint_auth_method: client.authMethod,
    jwks: client.jwks,
    jwks_uri: client.jwksUri,
    scope: client.scopes?.join(' '),
    client_uri: client.clientUri,
    dpop_bound_access_tokens: client.dpopBoundAccessTokens || undefined,
    require_pushed_authorization_requests: client.requirePushedAuthorizationRequests || undefined,
  });
}

const withoutUndefined = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
