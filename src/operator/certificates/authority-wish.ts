/** What is asked of an authority, what is seen around it, and what is to be done. */
import type { AuthorityRequest } from '#tls';
import type { SigningAuthority } from './authority-state.ts';
import type { Root } from './roots.ts';
import type { KeptSecret, SecretWrite } from './secret.ts';

export type AuthoritySource =
  | {
      readonly kind: 'own';
      readonly request: AuthorityRequest;
      /** How long before its end the next one is prepared, in milliseconds. */
      readonly rotateBeforeMs: number;
      /** One that is older is rotated, in milliseconds since 1970: how somebody asks for a rotation. */
      readonly madeAfter?: number | undefined;
    }
  /** Made elsewhere; undefined while it is not there. */
  | { readonly kind: 'offered'; readonly offered: SigningAuthority | undefined };

export interface AuthorityWish {
  /** Its Secret. */
  readonly name: string;
  readonly namespace: string;
  /** The object that it belongs to. */
  readonly ownerUid: string;
  readonly source: AuthoritySource;
  /** How long after it was written everybody uses what was written: kubelets copy, processes read again. */
  readonly settleMs: number;
  /** For so long somebody who does not follow holds up a rotation. */
  readonly patienceMs: number;
  /** The longest that anything it signs lives. */
  readonly longestLeafMs: number;
}

/** What is there. Every bundle and certificate that depends on this authority is among it, each as it is stored. */
export interface AuthorityView {
  /** Undefined only where the API server said that there is none. */
  readonly kept: KeptSecret | undefined;
  /** The data of each bundle; undefined for one that is not there. */
  readonly bundles: readonly (Readonly<Record<string, string>> | undefined)[];
  /** The chain in each Secret of a certificate, PEM; undefined for one that is not there or cannot be read. */
  readonly leaves: readonly (string | undefined)[];
  /**
   * Roots that there were before, PEM: `authorities.crt` of the bundle and `ca.crt` of the certificates in the namespace of the
   * authority itself. What a lost authority is known by; of another namespace, whoever writes there could put a root of
   * their own among those that everybody trusts.
   */
  readonly evidence?: readonly (string | undefined)[];
}

/**
 * `recover` is a preparation where the authority was lost: what it signed stays trusted. `distributed` and `replaced`
 * note since when it is so, and `unsettled` that it is so no more.
 */
export type AuthorityStep =
  | 'create'
  | 'recover'
  | 'prepare'
  | 'distributed'
  | 'unsettled'
  | 'activate'
  | 'replaced'
  | 'retire';

export interface AuthorityDecision {
  /** Who signs; while undefined nothing is signed. */
  readonly signer: SigningAuthority | undefined;
  /** What the bundles hold from now on: of what is stored, so before a step is written it is not among it. */
  readonly trusted: readonly Root[];
  /** Written first, and then asked again. */
  readonly step?: { readonly name: AuthorityStep; readonly why: string; readonly write: SecretWrite } | undefined;
  /** The Secret belongs to somebody else and is left alone. */
  readonly isForeign?: true;
  /** When to ask again even if nothing happens, in milliseconds since 1970. */
  readonly due?: number | undefined;
}
