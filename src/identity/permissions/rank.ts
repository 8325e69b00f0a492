import { EVERYWHERE, rolesIn, type Principal, type RoleGrant } from '#contract';

/** As much of a caller as rank is read from. */
export type Ranked = Principal;

/**
 * Whether the caller has that role at that scope: in the namespace, or everywhere where it is a global
 * one. An administrator may call tools like a `user`, so handing that on hands on nothing new.
 */
export function holds(principal: Ranked, { role, namespace }: RoleGrant): boolean {
  const roles = rolesIn(principal, namespace);
  return roles.includes(role) || (role === 'user' && roles.includes('admin'));
}

/** Whether the caller is a global administrator. */
export const isEverywhere = (principal: Ranked): boolean => rolesIn(principal, EVERYWHERE).includes('admin');

/**
 * Whether the caller may give that role at that scope to somebody: an administrator of the scope who
 * holds the role there themselves. A global administrator may give any: somebody must be able to hand out
 * the first `policy_admin`, and one who may appoint administrators could do so through another anyway.
 */
export function mayGrant(principal: Ranked, grant: RoleGrant): boolean {
  if (isEverywhere(principal)) return true;
  return rolesIn(principal, grant.namespace).includes('admin') && holds(principal, grant);
}
