import type { Result } from '#kernel';
import type { Principal } from './principal.ts';
import type { CredentialRefusal } from './token-verifier.ts';

/** What a listener has verified of a client's certificate. */
export interface PeerCertificate {
  /** In its one spelling; compared whole: no prefix, no pattern. */
  readonly spiffeId: string;
  /** Hexadecimal. */
  readonly serial: string;
}

/**
 * Agents by the SPIFFE ID in their client certificate. Whoever asks has verified the certificate; the
 * answer says who that is, and that it may still come in. What needs no I/O may answer at once.
 */
export interface AgentsBySpiffeId {
  verify(
    certificate: PeerCertificate,
  ): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>>;
}
