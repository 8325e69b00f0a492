/**
 * The claims of a token, judged: of a JWT whose signature is good, and of what an introspection endpoint
 * answered. Pure: no I/O, no clock.
 */
import { readConfirmation, type Confirmation, type CredentialRefusal } from '#contract';
import { err, ok, type JsonObject, type JsonValue, type Result } from '#kernel';
import { scopesOf } from './scopes.ts';

/** Whose tokens, and for whom. */
export interface Expected {
  /** Spellings of the one issuer; the first is its name from here on. */
  readonly issuers: readonly [string, ...string[]];
  readonly audience: string;
  /** What `aud` may name beside it. */
  readonly otherAudiences: readonly string[];
}

/** A token that is genuine, of that issuer, for us, and in its time. */
export interface CheckedToken {
  readonly issuer: string;
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  readonly clientId: string | undefined;
  readonly jti: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** Milliseconds. */
  readonly authTime: number | undefined;
  /** The keys that it is bound to, of which nothing is proved yet. */
  readonly cnf: Confirmation | undefined;
  /** When it ends, leeway included, in milliseconds. */
  readonly endsAt: number;
  /** Everything that was said. */
  readonly claims: JsonObject;
}

/** Clocks differ; what is more than this apart is not a matter of clocks. */
export const LEEWAY_MS = 30_000;

/** The longest subject that is kept; OpenID Connect Core §2 allows 255. */
const MOST_SUBJECT = 256;

/**
 * The token behind the claims, or why it does not count. What has to be there and is not, or is of another
 * type, is a refusal: `iss`, `sub`, `aud` and `exp` are what makes a token one of this issuer, for us, now
 * (RFC 9068 §2.2, §4; RFC 8725 §3.8, §3.9).
 */
export function checkClaims(
  claims: JsonObject,
  expected: Expected,
  now: number,
): Result<CheckedToken, CredentialRefusal> {
  const { iss, sub, exp, nbf, iat, cnf } = claims;
  if (typeof iss !== 'string' || !expected.issuers.includes(iss)) return mismatch('`iss` is not the issuer');
  const audience = checkAudience(claims['aud'], expected);
  if (audience !== undefined) return mismatch(audience);
  const end = millisOf(exp);
  if (end === undefined) return mismatch('`exp` is missing or no whole number of seconds');
  if (now >= end + LEEWAY_MS) return err({ reason: 'expired', detail: '`exp` has passed' });
  for (const [name, value] of Object.entries({ nbf, iat })) {
    if (value === undefined) continue;
    const at = millisOf(value);
    if (at === undefined) return mismatch(`\`${name}\` is no whole number of seconds`);
    if (at > now + LEEWAY_MS) return mismatch(`\`${name}\` is in the future`);
  }
  if (typeof sub !== 'string' || sub === '' || sub.length > MOST_SUBJECT) return mismatch('`sub` names nobody');
  // Bound to a key of the client: whoever has the token alone is not its owner (RFC 9449 §7.1, RFC 8705 §3).
  const confirmation = readConfirmation(cnf);
  if (!confirmation.ok) return mismatch(confirmation.error);
  const scopes = scopesOf(claims);
  if (scopes === undefined) return mismatch('`scope` or `scp` is not a list of scopes');
  return ok(
    Object.freeze({
      issuer: expected.issuers[0],
      subject: sub,
      scopes,
      clientId: textOf(claims['client_id']) ?? textOf(claims['azp']),
      jti: textOf(claims['jti']),
      amr: textsOf(claims['amr']),
      authTime: millisOf(claims['auth_time']),
      cnf: confirmation.value,
      endsAt: end + LEEWAY_MS,
      claims,
    }),
  );
}

/** A token for somebody else as well could be played to us by them (MCP, Access Token Privilege Restriction). */
function checkAudience(aud: JsonValue | undefined, { audience, otherAudiences }: Expected): string | undefined {
  const named = typeof aud === 'string' ? [aud] : textsOf(aud);
  if (named === undefined || named.length === 0) return '`aud` is missing, or neither a text nor a list of texts';
  if (!named.includes(audience)) return '`aud` is not the audience';
  const other = named.find((one) => one !== audience && !otherAudiences.includes(one));
  return other === undefined ? undefined : '`aud` names somebody else too, who is not in `otherAudiences`';
}

/** NumericDate (RFC 7519 §2) in milliseconds; whole seconds that can be counted exactly, and nothing else. */
function millisOf(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return undefined;
  const millis = value * 1000;
  return Number.isSafeInteger(millis) ? millis : undefined;
}

const textOf = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 1024 ? value : undefined;

const textsOf = (value: JsonValue | undefined): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;

const mismatch = (detail: string): Result<never, CredentialRefusal> => err({ reason: 'mismatch', detail });
