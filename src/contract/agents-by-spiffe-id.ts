import type { Result } from '#kernel';
import type { Principal } from './principal.ts';
import type { CredentialRefusal } from './token-verifier.ts';

/**
 * Agents by the SPIFFE ID in their client certificate. Whoever asks has verified the certificate; the
 * answer says who that is, and that it may still come in. What needs no I/O answers at once.
 */
export interface AgentsBySpiffeId {
  /** `spiffeId` is in its one spelling, and is compared whole: no prefix, no pattern. */
  bySpiffeId(
    spiffeId: string,
  ): Result<CertifiedAgent, CredentialRefusal> | Promise<Result<CertifiedAgent, CredentialRefusal>>;
}

/** An agent, before it is said how it came in. */
export type CertifiedAgent = Omit<Principal, 'via'> & { readonly kind: 'agent' };
