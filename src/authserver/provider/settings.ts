/** How long what is issued lasts, in seconds. */
export interface Lifetimes {
  readonly accessToken: number;
  /** Without a use; each use begins it anew. */
  readonly refreshToken: number;
  readonly code: number;
  /** From `/oauth/authorize` to the end of sign-in and consent. */
  readonly interaction: number;
  readonly deviceCode: number;
}

/** Fifteen minutes, thirty days, one minute, an hour, ten minutes (RFC 9700 §2.2; RFC 6749 §4.1.2). */
export const LIFETIMES: Lifetimes = {
  accessToken: 15 * 60,
  refreshToken: 30 * 86_400,
  code: 60,
  interaction: 3600,
  deviceCode: 600,
};

/** The paths of the authorization server on the public listener. */
export const ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  userinfo: '/oauth/userinfo',
  pushed_authorization_request: '/oauth/par',
  device_authorization: '/oauth/device',
  code_verification: '/oauth/device/verify',
  end_session: '/oauth/logout',
  jwks: '/.well-known/jwks.json',
} as const;

/** The scopes of OpenID Connect (Core §5.4, §11), and groups: what says who somebody is, and opens no door. */
export const IDENTITY_SCOPES: readonly string[] = ['openid', 'offline_access', 'profile', 'email', 'groups'];

/** Where a person signs in and decides; below it the id of the interaction. */
export const INTERACTION = '/oauth/interaction';
