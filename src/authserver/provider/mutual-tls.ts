import type { CertificateNameKind, ClientCertificate } from '#tls';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { ROUTES } from './settings.ts';

/** The listener whose clients show certificates, as the provider has it. */
export interface MutualTls {
  /** Where it is reached. */
  readonly url: URL;
  /** The certificate of the connection that a request came by; undefined where none counts, or it came elsewhere. */
  readonly certificateOf: (request: object) => ClientCertificate | undefined;
}

/** The names of RFC 8705 §2.1.2, as client metadata have them. */
const KINDS: Readonly<Record<string, CertificateNameKind>> = {
  tls_client_auth_subject_dn: 'subjectDn',
  tls_client_auth_san_dns: 'sanDns',
  tls_client_auth_san_uri: 'sanUri',
  tls_client_auth_san_ip: 'sanIp',
  tls_client_auth_san_email: 'sanEmail',
};

/** Endpoints that are there as well (RFC 8705 §5), by their names in metadata. */
const ALIASES = {
  token_endpoint: ROUTES.token,
  introspection_endpoint: ROUTES.introspection,
  revocation_endpoint: ROUTES.revocation,
  pushed_authorization_request_endpoint: ROUTES.pushed_authorization_request,
  device_authorization_endpoint: ROUTES.device_authorization,
  userinfo_endpoint: ROUTES.userinfo,
} as const;

/**
 * RFC 8705: clients that prove themselves by a certificate, and tokens that are bound to one. Whoever has a
 * certificate is asked of the connection alone; what headers say of certificates anybody can write (§6.5).
 *
 * Certificates that nobody vouches for (`self_signed_tls_client_auth`) are turned away by the handshake.
 */
export function mutualTlsFeature(
  mutualTls: MutualTls | undefined,
): NonNullable<NonNullable<Configuration['features']>['mTLS']> {
  if (mutualTls === undefined) return { enabled: false };
  const shown = ({ req }: KoaContextWithOIDC): ClientCertificate | undefined => mutualTls.certificateOf(req);
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: false,
    getCertificate: (ctx) => shown(ctx)?.certificate,
    certificateAuthorized: (ctx) => shown(ctx) !== undefined,
    certificateSubjectMatches(ctx, property, expected) {
      const kind = KINDS[property];
      return kind !== undefined && shown(ctx)?.holds(kind, expected) === true;
    },
  };
}

/** Where the endpoints are for clients that show a certificate (RFC 8705 §5). */
export const endpointAliases = ({ origin }: URL): Readonly<Record<keyof typeof ALIASES, string>> =>
  Object.fromEntries(Object.entries(ALIASES).map(([name, path]) => [name, origin + path])) as Record<
    keyof typeof ALIASES,
    string
  >;
