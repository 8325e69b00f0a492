import { hasRole, type Access, type Principal } from '#contract';
import { gatewayError } from '../errors.ts';

/** Throws `FORBIDDEN_ACCESS` unless the credential may be used for that, whatever its owner may do. */
export function checkAccess(principal: Principal, access: Access): void {
  if (principal.access.has(access)) return;
  throw gatewayError('FORBIDDEN_ACCESS', `the credential of \`${principal.name}\` is not for \`${access}\``);
}

/** Throws `FORBIDDEN_ROLE` unless the caller has a role in the namespace that may read what is no tool. */
export function checkRole(principal: Principal, namespace: string): void {
  if (hasRole(principal, namespace, 'user') || hasRole(principal, namespace, 'admin')) return;
  throw gatewayError('FORBIDDEN_ROLE', `\`${principal.name}\` has no role that may read prompts and resources`);
}
