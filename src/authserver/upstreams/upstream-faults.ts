/**
 * What a provider did wrong, in our words. Errors of `openid-client` carry whole answers, tokens included, so
 * nothing of them is kept but a code; what a provider writes in an error could hold what it was sent, or a
 * script for whoever shows it.
 */
import { ChatelaineError, isRecord } from '#kernel';
import { upstreamError } from './errors.ts';

/** RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6: what may be repeated, because it is not free text. */
const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
]);
const DECLINED = new Set([
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
]);
const BUSY = new Set(['server_error', 'temporarily_unavailable']);
const OUR_FAULT = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_request',
  'unsupported_response_type',
]);

/** What `openid-client` says of an answer, by its codes. */
const REASONS: Readonly<Record<string, string>> = {
  OAUTH_INVALID_RESPONSE: 'it does not have the form that it must have',
  OAUTH_PARSE_ERROR: 'it cannot be read',
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: 'a claim of the ID token is not what was expected',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'the ID token is not of now',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'the userinfo is of somebody else',
  OAUTH_KEY_SELECTION_FAILED: 'no key of the provider made the signature of the ID token',
  OAUTH_UNSUPPORTED_OPERATION: 'the ID token is signed in a way that is not accepted',
  OAUTH_RESPONSE_IS_NOT_JSON: 'it is not JSON',
};

const LONGEST_WAIT_SECONDS = 3600;

/** The catalogued error for whatever an exchange with the upstream ended with. */
export function upstreamFault(error: unknown, upstream: string): ChatelaineError {
  const ours = inChain(error, (one) => one instanceof ChatelaineError);
  if (ours !== undefined) return ours.code.startsWith('EGRESS_') ? egressFault(ours, upstream) : ours;
  const said = inChain(
    error,
    (one): one is Error & { error: string } => 'error' in one && typeof one.error === 'string',
  );
  const status = statusOf(error);
  if (said !== undefined && 'code' in said && said.code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR') {
    return declinedBy(upstream, said.error);
  }
  if (said !== undefined) return spokenFault(said.error, status, upstream, waitOf(error));
  if (status !== undefined && (status >= 500 || status === 429 || status === 408)) {
    return unavailable(upstream, `it answered with status ${status}`, waitOf(error));
  }
  if (asksForClient(error)) {
    return upstreamError(
      'UPSTREAM_CLIENT_REFUSED',
      `the upstream \`${upstream}\` wants other credentials of its client`,
    );
  }
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (code === 'OAUTH_TIMEOUT' || name === 'TimeoutError') return unavailable(upstream, 'it did not answer in time');
  const reason = typeof code === 'string' && Object.hasOwn(REASONS, code) ? REASONS[code] : 'it is not what it must be';
  const answered = status === undefined || status === 200 ? '' : ` (status ${status})`;
  return upstreamError(
    'UPSTREAM_UNTRUSTED',
    `the answer of the upstream \`${upstream}\` is refused: ${reason}${answered}`,
    {
      details: { reason: typeof code === 'string' ? code.slice(0, 64) : 'unknown' },
    },
  );
}

/** What the provider answered a person's sign-in with (RFC 6749 §4.1.2.1). */
function declinedBy(upstream: string, error: string): ChatelaineError {
  const shown = KNOWN_ERRORS.has(error) ? `\`${error}\`` : 'an error of its own';
  if (BUSY.has(error)) return unavailable(upstream, `it answered ${shown}`);
  const code = DECLINED.has(error) || !OUR_FAULT.has(error) ? 'LEG_DECLINED' : 'UPSTREAM_CLIENT_REFUSED';
  return upstreamError(code, `the upstream \`${upstream}\` answered ${shown}`);
}

function spokenFault(
  error: string,
  status: number | undefined,
  upstream: string,
  wait: number | undefined,
): ChatelaineError {
  const shown = KNOWN_ERRORS.has(error) ? `\`${error}\`` : 'an error of its own';
  const message = `the upstream \`${upstream}\` answered ${shown}`;
  if (BUSY.has(error) || (status !== undefined && (status >= 500 || status === 429))) {
    return unavailable(upstream, `it answered ${shown}`, wait);
  }
  if (error === 'invalid_grant') return upstreamError('UPSTREAM_GRANT_ENDED', message);
  if (error === 'invalid_client' || error === 'unauthorized_client')
    return upstreamError('UPSTREAM_CLIENT_REFUSED', message);
  return upstreamError('UPSTREAM_UNTRUSTED', message);
}

/** The address is for the operator, who configured it or whose provider named it. */
function egressFault(error: ChatelaineError, upstream: string): ChatelaineError {
  if (error.code !== 'EGRESS_REFUSED') return unavailable(upstream, error.message);
  return upstreamError(
    'UPSTREAM_UNTRUSTED',
    `the upstream \`${upstream}\` is where requests may not go: ${error.message}`,
    {
      remedy: error.remedy,
    },
  );
}

export const unavailable = (upstream: string, why: string, retryAfterSeconds?: number): ChatelaineError =>
  upstreamError('UPSTREAM_UNAVAILABLE', `the upstream \`${upstream}\` does not answer now: ${why}`, {
    details: { ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) },
  });

function inChain<Found extends Error>(error: unknown, is: (one: Error) => one is Found): Found | undefined {
  let at = error;
  for (let depth = 0; depth < 6 && at instanceof Error; depth++) {
    if (is(at)) return at;
    at = at.cause;
  }
  return undefined;
}

/** RFC 6749 §5.2: a client that authenticated with `Basic`, and failed, is answered with a challenge. */
function asksForClient(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (code !== 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' || !Array.isArray(cause)) return false;
  return cause.some((challenge) => isRecord(challenge) && challenge['scheme'] === 'basic');
}

/** The answer that an error is about, where it has one. */
function responseOf(error: unknown): Response | undefined {
  for (let at = error, depth = 0; depth < 6 && isObject(at); depth++) {
    if (at instanceof Response) return at;
    const { response, cause } = at as { readonly response?: unknown; readonly cause?: unknown };
    if (response instanceof Response) return response;
    at = cause;
  }
  return undefined;
}

const isObject = (value: unknown): value is object =>
  value instanceof Error || value instanceof Response || isRecord(value);
const statusOf = (error: unknown): number | undefined => responseOf(error)?.status;

function waitOf(error: unknown): number | undefined {
  const header = responseOf(error)?.headers.get('retry-after');
  return header !== null && header !== undefined && /^\d{1,6}$/.test(header)
    ? Math.min(Number(header), LONGEST_WAIT_SECONDS)
    : undefined;
}
