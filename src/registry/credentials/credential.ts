import type { Confirmation, Principal } from '#contract';

/** What a caller came with, and so what a credential made with it ends with. */
export interface Through {
  readonly kind: 'api-key' | 'session' | 'token-session' | 'certificate';
  readonly id: string;
}

/** A credential for one tool, without the token: that is with its holder alone. */
export interface Credential {
  /** The `jti` of the token. */
  readonly id: string;
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly namespace: string;
  readonly tool: string;
  readonly holder: {
    readonly kind: 'user' | 'agent';
    readonly id: string;
    /** Of an agent; of a person nothing, since the row outlives a wish to be forgotten. */
    readonly name: string;
  };
  readonly scopes: readonly string[];
  readonly cnf: Confirmation | undefined;
  /** The credential that it was narrowed from. */
  readonly parent: string | undefined;
  readonly through: Through;
  readonly policies: readonly string[];
  readonly policyVersion: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

export type CredentialState = 'active' | 'expired' | 'revoked';

/** What somebody decided comes before what the calendar did. */
export function credentialState({ revokedAt, expiresAt }: Credential, now: number): CredentialState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt <= now ? 'expired' : 'active';
}

/** The tool as it is written in one word. */
export const toolId = ({ namespace, tool }: Pick<Credential, 'namespace' | 'tool'>): string => `${namespace}/${tool}`;

/**
 * What the principal came with; undefined for what nothing here takes back: whoever is at the machine itself, and a
 * token without a session, for which there is the grant that it was issued by. A credential is itself what a narrower
 * one is made with, and that takes over what it came through.
 */
export function throughOf({ via, tsid }: Principal): Through | undefined {
  switch (via.method) {
    case 'api-key':
      return { kind: 'api-key', id: via.keyId };
    case 'session':
      return { kind: 'session', id: via.sessionId };
    case 'certificate':
      return { kind: 'certificate', id: via.serial };
    case 'token':
      return tsid === undefined ? undefined : { kind: 'token-session', id: tsid };
    case 'local':
      return undefined;
  }
}

/** How many credentials that count a holder may have: each is a row, and nobody can use so many at once. */
export const MOST_HELD = 200;
