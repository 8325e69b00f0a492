import type { Result } from '#kernel';
import type { Principal } from './principal.ts';

/** Why a credential does not count. The wire learns only that it does not; the log learns this. */
export interface CredentialRefusal {
  readonly reason:
    | 'malformed'
    | 'unknown'
    | 'mismatch'
    | 'expired'
    | 'revoked'
    | 'disabled'
    /** Not from there. */
    | 'address'
    | 'unavailable';
  /** For the log: never the credential itself. */
  readonly detail?: string;
}

/** What the door knows of the connection that a credential came through. */
export interface PeerFacts {
  /** The peer's address, as the listener saw it. */
  readonly address?: string | undefined;
}

/**
 * Turns what stands behind `Bearer ` into a principal. The port of every door; verifiers that need
 * no I/O answer at once, so that the hot path waits for nothing.
 */
export interface TokenVerifier {
  verify(
    credential: string,
    peer?: PeerFacts,
  ): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>>;
}
