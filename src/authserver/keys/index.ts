/**
 * authserver/keys: what tokens are signed with.
 *
 * Owns the keys of the authorization server: which algorithms there are (`algorithm.ts`), what a key is on
 * the outside (`key-material.ts`), its states (`lifecycle.ts`, pure), making the first one once for all
 * processes (`generate-once.ts`), the set that processes sign and verify with (`signing-keys.ts`), the steps
 * of a rotation (`key-rotation.ts`) with their routes, and keys that a configuration brings
 * (`configured-keys.ts`). Private parts lie sealed in `signing_keys` and leave as `KeyObject` alone.
 * Does not own what is signed. RFC 7515, RFC 7517 (JWK Sets), RFC 7518 §3 and §6, RFC 7638 (`kid`), RFC 8037
 * (Ed25519). How to rotate: docs/signing-keys.md.
 */
export { DEFAULT_ALGORITHM, SIGNING_ALGORITHMS, type SigningAlgorithm } from './algorithm.ts';
export { parseSigner, type PublicJwk, type Signer, type Verifier } from './key-material.ts';
export { KEY_TIMES, type DueStep, type KeyStateName, type KeyTimes, type SigningKey } from './lifecycle.ts';
export { SigningKeys, type KeySet, type SigningKeysParts } from './signing-keys.ts';
export { KeyRotation, type KeyRotationParts, type KeyStatus } from './key-rotation.ts';
export { readConfiguredKeys } from './configured-keys.ts';
