import type { IncomingMessage } from 'node:http';
import { authServerError } from '../errors.ts';
import { ROUTES } from '../provider/settings.ts';

/** More than any request has; each is read, copied and compared several times. */
const MOST_PARAMETERS = 100;

/** Endpoints for programs, which send everything in the body. */
const BODY_ALONE: ReadonlySet<string> = new Set([
  ROUTES.token,
  ROUTES.revocation,
  ROUTES.introspection,
  ROUTES.pushed_authorization_request,
  ROUTES.device_authorization,
]);

const UNDER_A_NAME = new RegExp(`^(?:${ROUTES.authorization}|${ROUTES.code_verification})/[A-Za-z0-9_-]+$`);
const NAMED: ReadonlySet<string> = new Set([
  ...BODY_ALONE,
  ...[ROUTES.authorization, ROUTES.code_verification, ROUTES.userinfo],
]);

/**
 * Whether a path is one of the provider's as it is written. The provider itself reads `/OAUTH/token` and
 * `/oauth/token/` as well: what is counted here by its path would pass it uncounted.
 */
export const isProviderPath = (path: string): boolean => NAMED.has(path) || UNDER_A_NAME.test(path);

/**
 * Refuses what no request looks like: throws `OAUTH_METHOD_UNKNOWN` (RFC 6749 §3.2, RFC 7662 §2.1),
 * `OAUTH_QUERY_REFUSED` for parameters in the address, where logs of proxies keep them (RFC 6749 §2.3.1), and
 * `OAUTH_TOO_MANY_PARAMETERS`. No message repeats what was sent.
 */
export function checkShape({ url = '', method }: IncomingMessage, path: string, parameters?: URLSearchParams): void {
  if (BODY_ALONE.has(path) && method !== 'POST' && method !== 'OPTIONS')
    throw authServerError('OAUTH_METHOD_UNKNOWN', 'this endpoint takes a form by POST', { details: { allow: 'POST' } });
  const query = url.split('?')[1];
  if (query !== undefined && BODY_ALONE.has(path))
    throw authServerError(
      'OAUTH_QUERY_REFUSED',
      'parameters of this endpoint are in the body, and none in the address',
    );
  const count = (parameters?.size ?? 0) + (query === undefined ? 0 : query.split('&').length);
  if (count > MOST_PARAMETERS)
    throw authServerError('OAUTH_TOO_MANY_PARAMETERS', `the request has more than ${MOST_PARAMETERS} parameters`);
}
