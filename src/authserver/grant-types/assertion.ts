/** The claims of an identity assertion (draft-ietf-oauth-identity-assertion-authz-grant; RFC 7523 §3); pure. */
import type { TrustedIssuer } from '#contract';
import { err, isRecord, ok, type JsonObject, type JsonValue, type Result } from '#kernel';

/** An assertion that was made for us, for this client, now. */
export interface Assertion {
  readonly subject: string;
  readonly jti: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  /** When nobody can use it any more, tolerance included; milliseconds. */
  readonly endsAt: number;
  /** The key that its client has to prove, as `jkt` (RFC 7638). */
  readonly boundTo: string | undefined;
}

/** Clocks differ; what is more than this apart is not a matter of clocks. */
export const TOLERANCE_MS = 30_000;

/**
 * The assertion behind verified claims, or why it does not count. What is left out is refused: an assertion that
 * says nothing of the resource or of its age was made for something else.
 */
export function readAssertion(
  claims: JsonObject,
  { issuer, subjectClaim, maxLifetime }: Pick<TrustedIssuer, 'issuer' | 'subjectClaim' | 'maxLifetime'>,
  asked: {
    readonly audience: string;
    readonly clientId: string;
    readonly now: number;
    /** Since when it is known which assertions were used; milliseconds, 0 for always. */
    readonly knownSince: number;
  },
): Result<Assertion, string> {
  const { iss, aud, client_id: clientId, jti, scope = '', cnf } = claims;
  if (iss !== issuer) return err('`iss` is not the issuer');
  // One more in the list could play it to us, or we to them.
  if (onlyText(aud) !== asked.audience) return err(`\`aud\` is not \`${asked.audience}\` alone`);
  if (clientId !== asked.clientId) return err('`client_id` is another client');
  const subject = at(claims, subjectClaim);
  if (typeof subject !== 'string' || subject === '' || subject.length > 256) return err('it names no subject');
  if (typeof jti !== 'string' || jti === '' || jti.length > 1024) return err('`jti` is missing');
  const resource = onlyText(claims['resource']);
  if (resource === undefined) return err('`resource` is not one resource');
  if (typeof scope !== 'string') return err('`scope` is no text');
  const [from, until, notBefore] = [claims['iat'], claims['exp'], claims['nbf']].map(millisOf);
  if (from === undefined || until === undefined) return err('`iat` or `exp` is missing');
  if (from > asked.now + TOLERANCE_MS) return err('`iat` is in the future');
  if (asked.knownSince > 0 && from <= asked.knownSince + TOLERANCE_MS)
    return err('it was made before this server was restored, and may have been used');
  if (claims['nbf'] !== undefined && (notBefore === undefined || notBefore > asked.now + TOLERANCE_MS))
    return err('`nbf` is in the future');
  if (until - from > maxLifetime || until <= from) return err('it lives longer than assertions of its issuer may');
  if (asked.now >= until + TOLERANCE_MS) return err('it has expired');
  const boundTo = isRecord(cnf) ? cnf['jkt'] : undefined;
  if (cnf !== undefined && typeof boundTo !== 'string') return err('it is bound to a key in a way that is not known');
  return ok({
    ...{ subject, jti, resource, endsAt: until + TOLERANCE_MS },
    scopes: scope.split(' ').filter((one) => one !== ''),
    boundTo: typeof boundTo === 'string' ? boundTo : undefined,
  });
}

/** The text, or the one text of a list. */
function onlyText(value: JsonValue | undefined): string | undefined {
  const [only, ...more] = Array.isArray(value) ? value : [value];
  return typeof only === 'string' && more.length === 0 ? only : undefined;
}

/** NumericDate (RFC 7519 §2) in milliseconds. */
const millisOf = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value * 1000 : undefined;

/** A claim; a dot leads into an object. A claim that has the whole text for its name comes first. */
function at(claims: JsonObject, path: string): JsonValue | undefined {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: JsonValue | undefined = claims;
  for (const name of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
