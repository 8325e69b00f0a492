import type { Role, RoleGrant } from '#contract';

/** Who can hold a role: somebody, or everybody in a group. */
export type Subject =
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'agent'; readonly id: string }
  /** A group of our own. */
  | { readonly kind: 'group'; readonly id: string }
  /** A group that an identity provider names. */
  | { readonly kind: 'claim-group'; readonly issuer: string; readonly name: string };

/** A role, given to somebody in a namespace or everywhere. */
export interface RoleBinding extends RoleGrant {
  readonly id: string;
  readonly role: Role;
  readonly subject: Subject;
  readonly createdAt: number;
}

/** Whoever acts: subjects that are no groups. */
export interface Holder {
  readonly kind: 'user' | 'agent';
  readonly id: string;
}

/** The same grants, each once. */
export function distinctGrants(grants: Iterable<RoleGrant>): readonly RoleGrant[] {
  const byText = new Map<string, RoleGrant>();
  for (const { role, namespace } of grants) {
    const text = `${namespace} ${role}`;
    if (!byText.has(text)) byText.set(text, { role, namespace });
  }
  return [...byText.values()];
}
