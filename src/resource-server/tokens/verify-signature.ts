import type { CompactVerifyGetKey } from 'jose';
import { ASYMMETRIC_ALGORITHMS, type CredentialRefusal } from '#contract';
import { err, isRecord, ok, parseStrictJson, type JsonObject, type Result } from '#kernel';

/** `no-key`: none of the keys is the one that the token names, so newer ones may know it. */
export type SignatureTrouble = CredentialRefusal | 'no-key';

/** How many keys one token is tried with, where it names none. */
const MOST_TRIES = 8;

/**
 * The claims of a token whose signature is good under one of the keys. The token's own `jku`, `x5u`, `jwk`
 * and `x5c` are looked at by nobody: who signs must not say by which key (RFC 7515 §10.12; CVE-2018-0114).
 */
export async function verifySignature(
  token: string,
  keys: CompactVerifyGetKey,
): Promise<Result<JsonObject, SignatureTrouble>> {
  const { compactVerify, errors } = await import('jose');
  const verify = async (key: CompactVerifyGetKey): Promise<Result<JsonObject, SignatureTrouble>> => {
    const { payload } = await compactVerify(token, key, { algorithms: [...ASYMMETRIC_ALGORITHMS] });
    const parsed = parseStrictJson(Buffer.from(payload));
    return parsed.ok && isRecord(parsed.value)
      ? ok(parsed.value)
      : err({ reason: 'malformed', detail: 'the claims are no JSON object that can be read one way only' });
  };
  try {
    return await verify(keys);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return err('no-key');
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      let tries = 0;
      for await (const key of error) {
        if (++tries > MOST_TRIES) break;
        try {
          return await verify(() => key);
        } catch {
          // Not this one; the next may be.
        }
      }
    }
    return err({ reason: 'mismatch', detail: `the signature does not count: ${(error as Error).message}` });
  }
}
