import type { Confirmation } from './confirmation.ts';

/** Who is calling, as every door establishes it once and every later step reads it. */
export interface Principal {
  readonly kind: 'user' | 'agent' | 'anonymous';
  /** Who vouched: an issuer URL, or `chatelaine` for our own keys and the local user. */
  readonly iss: string;
  /** Stable within `iss`: a user's subject, an agent's id. */
  readonly sub: string;
  readonly name: string;
  readonly namespace: string;
  /** Those that hold in `namespace`, global ones included. */
  readonly roles: readonly Role[];
  /** Every role and where it holds; without it `roles` hold in `namespace` alone. Read through `rolesIn`. */
  readonly grants?: readonly RoleGrant[];
  /** What the credential may be used for, however much its owner may do. */
  readonly access: ReadonlySet<Access>;
  /** The tools that the credential is for, by name; without it every tool of the namespace. */
  readonly allowedTools?: ReadonlySet<string>;
  readonly groups: readonly string[];
  /** Scopes of the bearer credential; a tool's `scopesRequired` is checked against these alone. */
  readonly scopes: ReadonlySet<string>;
  readonly clientId?: string;
  /**
   * The resource that a token of our own issuer is for, by its URL: it opens that one and what belongs to
   * it, and narrows what is seen there. Of foreign tokens `claims` has what they said.
   */
  readonly aud?: string;
  /** The sign-in this token belongs to; only such tokens are ever exchanged for upstream ones. */
  readonly tsid?: string;
  /** The keys that the token is bound to; whoever is let in by it has proved that they are theirs. */
  readonly cnf?: Confirmation;
  /** Delegation chain, nearest actor first (RFC 8693 §4.1). */
  readonly act?: readonly { readonly iss: string; readonly sub: string }[];
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How the person proved who they are (RFC 8176): `pwd`, `otp`, `hwk`, `mfa`. */
  readonly amr?: readonly string[];
  /** When they last did, in milliseconds; a step-up moves it. */
  readonly authTime?: number;
  /** How the caller came in. */
  readonly via:
    | { readonly method: 'api-key'; readonly keyId: string }
    | { readonly method: 'session'; readonly sessionId: string }
    | { readonly method: 'certificate'; readonly spiffeId: string; readonly serial: string }
    | {
        readonly method: 'token';
        readonly issuer: string;
        /** The `authService` of `namespace` that accepted it; of our own tokens one that names us, where there is one. */
        readonly service?: string;
        readonly jti?: string;
      }
    | { readonly method: 'local' };
}

/** `read` lists and shows, `execute` calls tools, `admin` changes what Chatelaine keeps. */
export const ACCESS = ['read', 'execute', 'admin'] as const;
export type Access = (typeof ACCESS)[number];

/** A role, held everywhere or in one namespace. */
export interface RoleGrant {
  readonly role: Role;
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
}

/** The namespace of a global role. No namespace has this name. */
export const EVERYWHERE = '*';

/** The roles that a principal has in a namespace: its own and the global ones. */
export function rolesIn(principal: Principal, namespace: string): readonly Role[] {
  const { grants } = principal;
  if (grants === undefined) return principal.namespace === namespace ? principal.roles : [];
  return grants
    .filter((grant) => grant.namespace === namespace || grant.namespace === EVERYWHERE)
    .map(({ role }) => role);
}

/** Whether `rolesIn` would name the role: the question of every call, asked without a list. */
export function hasRole(principal: Principal, namespace: string, role: Role): boolean {
  const { grants } = principal;
  if (grants === undefined) return principal.namespace === namespace && principal.roles.includes(role);
  for (const grant of grants) {
    if (grant.role === role && (grant.namespace === namespace || grant.namespace === EVERYWHERE)) return true;
  }
  return false;
}

export const ROLES = ['admin', 'tool_publisher', 'policy_admin', 'user', 'auditor'] as const;
export type Role = (typeof ROLES)[number];
