/**
 * credentials: short-lived credentials for one tool, vended after a decision (the seed's credential vendor).
 *
 * Owns what is given (`grant.ts`: requested ∩ policy ∩ caller), what it is bound to (`binding.ts`), the token
 * (`credential-token.ts`), vending (`vending.ts`), whether a token counts (`credential-verifier.ts`), and what is
 * listed, validated and revoked (`credentials.ts`). Does not own: the keys that sign and where the resource is
 * (`TokenSigner`, filled in by main from the authorization server), proofs of possession (`Possession`, of the
 * resource server), which tools there are (`VendableTools`), and what policy says (`VendJudge`, `policy-judge.ts`).
 * Table: `vended_credentials`. RFC 9068 (JWT access tokens), RFC 8707 (resources), RFC 7800, 9449 and 8705
 * (sender-constrained), RFC 8725 §3.11 (explicit types).
 */
export { credentialsAfterRestore } from '../store/credentials-after-restore.ts';
export { credentialState, toolId, type Credential, type Through } from './credential.ts';
export { CREDENTIAL_TYPE } from './credential-token.ts';
export { CredentialVerifier, type Accepted } from './credential-verifier.ts';
export { Credentials, type Validation } from './credentials.ts';
export { policyJudge } from './policy-judge.ts';
export type { HolderStandings, KeySet, Possession, TokenSigner, VendableTools, VendJudge } from './ports.ts';
export { Vending, type Vended, type VendRequest } from './vending.ts';
