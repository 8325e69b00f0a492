import { EVERYWHERE, type RoleBindingCommon, type RoleGrant } from '#contract';
import { loginKey } from '../users/login-name.ts';
import { LOCAL_ISSUER } from '../users/user.ts';

/** The `kind: roleBinding` documents as they are now; asked at each look-up, since a reload replaces them. */
export type DeclaredBindings = () => readonly RoleBindingCommon[];

/** What a declared binding can know somebody by. */
export interface Known {
  readonly user?: { readonly name: string; readonly issuer: string; readonly subject: string };
  readonly agent?: { readonly namespace: string; readonly name: string };
  readonly groups?: readonly { readonly namespace: string; readonly name: string }[];
  readonly claimGroups?: readonly { readonly issuer: string; readonly name: string }[];
}

/** The roles that declared bindings give to whoever that is. */
export function declaredGrants(bindings: readonly RoleBindingCommon[], known: Known): readonly RoleGrant[] {
  return bindings
    .filter((binding) => names(binding, known))
    .map(({ role, everywhere, namespace }) => ({
      role,
      namespace: everywhere ? EVERYWHERE : namespace,
    }));
}

/**
 * Without an issuer a user is one of our own: a provider's user may call themselves what they like, also
 * what a document already gives a role to. A group is one of the document's namespace or a global one.
 */
function names(binding: RoleBindingCommon, { user, agent, groups = [], claimGroups = [] }: Known): boolean {
  const { issuer } = binding;
  if (binding.user !== undefined && user !== undefined) {
    if (issuer !== undefined) return user.issuer === issuer && user.subject === binding.user;
    return user.issuer === LOCAL_ISSUER && loginKey(user.name) === loginKey(binding.user);
  }
  if (binding.agent !== undefined && agent !== undefined) {
    return agent.namespace === binding.namespace && agent.name === binding.agent;
  }
  if (binding.group === undefined) return false;
  if (issuer !== undefined) return claimGroups.some((group) => group.issuer === issuer && group.name === binding.group);
  return groups.some(
    ({ namespace, name }) => name === binding.group && (namespace === binding.namespace || namespace === EVERYWHERE),
  );
}
