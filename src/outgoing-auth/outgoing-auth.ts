/** The port to what authorizes requests to one destination: a kind of it fills this in, whoever sends knows no kind. */
import type { CallerFace } from '#contract';
import type { Secret } from '#kernel';

/** Header fields or query parameters with what they hold. Fields by lower-case name. */
export type SentSecrets = Readonly<Record<string, Secret>>;

export interface OutgoingAuth {
  /** Whether what it sends depends on the caller: then nothing that it opened may be shared between two. */
  readonly perCaller: boolean;
  /**
   * The header fields of one request in the caller's name, by lower-case name. Rejects with a catalogued error that
   * says what is missing and what to do; never resolves to less than the request needs.
   */
  headers(caller: CallerFace, request: OutgoingRequest): Promise<SentSecrets>;
  /**
   * The destination refused what was sent. Forgets it, and resolves to whether another try would send something
   * else: whoever sends tries once more then, and no more than once.
   */
  refused(caller: CallerFace, sent: SentSecrets, refusal: Refusal): Promise<boolean>;
  /** What it sends in the query; absent for what never does. */
  query?(): Promise<SentSecrets>;
  /** Who we are in the TLS connection; absent for what never says. */
  identity?(): Promise<TlsIdentity | undefined>;
}

/** What is about to be sent: those that sign it read all of it. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

export interface Refusal {
  readonly status: 401 | 403;
  /** `WWW-Authenticate` as it came. */
  readonly challenge: string | undefined;
}

/** A client certificate. */
export interface TlsIdentity {
  /** Another text for another certificate: connections of the one before are not for it. */
  readonly stamp: string;
  readonly cert: string;
  readonly key: Secret;
}
