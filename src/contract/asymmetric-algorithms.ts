/**
 * What signatures of others are accepted by. A list of our own, whatever a key or a token says: `none` is no
 * signature, and HMAC would make a published key a shared secret (RFC 8725 §3.1, §2.1).
 */
export const ASYMMETRIC_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'] as const),
] as const;
