import type { Result } from '#kernel';
import type { Principal } from './principal.ts';
import type { CredentialRefusal } from './token-verifier.ts';

/**
 * Turns the SPIFFE ID of a client certificate into its agent. Whoever asks has verified the certificate;
 * the answer says who that is, that it may come in now, and that it came by this certificate.
 */
export interface AgentsBySpiffeId {
  /**
   * `spiffeId` is in its one spelling and is compared whole: no prefix, no pattern. `serial` is
   * lower-case hexadecimal.
   */
  verify(certificate: {
    readonly spiffeId: string;
    readonly serial: string;
  }): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>>;
}
