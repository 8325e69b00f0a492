import type { Result } from '#kernel';
import type { Presentation, ProofFault } from './confirmation.ts';
import type { Principal } from './principal.ts';
import type { ResourcePlace } from './resource-place.ts';

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
  /** Where it is a proof of possession that is missing or wrong: what the challenge says of it. */
  readonly proof?: ProofFault;
}

/** What the door knows of the request that a credential came with. */
export interface PeerFacts {
  /** The peer's address, as the listener saw it. */
  readonly address?: string | undefined;
  /** What is being asked for: a token is for one resource, and opens no other (RFC 8707 §2). */
  readonly resource?: ResourcePlace | undefined;
  /** How the credential came, where that is more than `Bearer`: without it nothing is proved of any key. */
  readonly presentation?: Presentation | undefined;
  /** Whoever asks checks the `cnf` of the answer; otherwise a token that is bound to a key is refused. */
  readonly checksConfirmation?: true;
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
