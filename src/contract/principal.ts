/** Who is calling, as every door establishes it once and every later step reads it. */
export interface Principal {
  readonly kind: 'user' | 'agent' | 'anonymous';
  /** Who vouched: an issuer URL, or `chatelaine` for our own keys and the local user. */
  readonly iss: string;
  /** Stable within `iss`: a user's subject, an agent's id. */
  readonly sub: string;
  readonly name: string;
  readonly namespace: string;
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
  /** Scopes of the bearer credential; a tool's `scopesRequired` is checked against these alone. */
  readonly scopes: ReadonlySet<string>;
  readonly clientId?: string;
  readonly aud?: string;
  /** The sign-in this token belongs to; only such tokens are ever exchanged for upstream ones. */
  readonly tsid?: string;
  /** Delegation chain, nearest actor first (RFC 8693 §4.1). */
  readonly act?: readonly { readonly iss: string; readonly sub: string }[];
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How the caller came in; an API key names its id. */
  readonly via: { readonly method: 'api-key'; readonly keyId: string } | { readonly method: 'local' };
}

export const ROLES = ['admin', 'tool_publisher', 'policy_admin', 'user', 'auditor'] as const;
export type Role = (typeof ROLES)[number];
