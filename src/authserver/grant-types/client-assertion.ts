/** What else is asked of the assertion that a client proves itself with (RFC 7523 §3); pure. */
import { err, ok, type Result } from '#kernel';

/** It is made for one request: one that lives longer is one that waits to be stolen. */
export const LONGEST_ASSERTION_SECONDS = 15 * 60;

/**
 * Whether it was made for us and this moment. The provider has verified the signature and who it speaks of, and takes a
 * list of audiences with us among them: another one of them could play it to us (draft-ietf-oauth-rfc7523bis).
 */
export function checkClientAssertion(
  { aud, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  audiences: ReadonlySet<string>,
  when: { readonly nowSeconds: number; readonly toleranceSeconds: number; readonly knownSinceSeconds: number },
): Result<void, string> {
  const { nowSeconds, toleranceSeconds, knownSinceSeconds } = when;
  const named = Array.isArray(aud) ? aud : [aud];
  if (!named.every((one) => typeof one === 'string' && audiences.has(one)))
    return err('`aud` names others than this server');
  if (typeof exp !== 'number' || exp > nowSeconds + LONGEST_ASSERTION_SECONDS + toleranceSeconds)
    return err(`\`exp\` is more than ${LONGEST_ASSERTION_SECONDS} seconds ahead`);
  // One that does not say when it was made may have been made as long ago as it could have.
  const made = typeof iat === 'number' ? iat : exp - LONGEST_ASSERTION_SECONDS;
  if (knownSinceSeconds > 0 && made <= knownSinceSeconds + toleranceSeconds)
    return err('it was made before this server was restored, and may have been used');
  for (const [name, at] of Object.entries({ iat, nbf }))
    if (at !== undefined && (typeof at !== 'number' || at > nowSeconds + toleranceSeconds))
      return err(`\`${name}\` is in the future`);
  return ok(undefined);
}
