import { ACTIONS, EVERYWHERE, rolesIn, type Access, type Action, type Refuse, type Role } from '#contract';
import { identityError } from './errors.ts';

interface Permission {
  readonly access: Access;
  readonly roles: readonly Role[];
  readonly everywhere: boolean;
}

const by = (access: Access, roles: string, everywhere = false): Permission => ({
  access,
  roles: roles.split(' ') as Role[],
  everywhere,
});

/** Every action, and what it asks of the caller: what the credential is for, and any of these roles. */
export const PERMISSIONS: Readonly<Record<Action, Permission>> = {
  'agent.read': by('read', 'admin auditor'),
  'agent.disable': by('admin', 'admin'),
  'agent.enable': by('admin', 'admin'),
  'key.read': by('read', 'admin auditor'),
  'key.create': by('admin', 'admin'),
  'key.revoke': by('admin', 'admin'),
  'secret.read': by('read', 'admin tool_publisher auditor'),
  'secret.put': by('admin', 'admin tool_publisher'),
  'secret.disable': by('admin', 'admin tool_publisher'),
  'secret.delete': by('admin', 'admin tool_publisher'),
  'vault.read': by('read', 'admin auditor', true),
  'vault.rotate': by('admin', 'admin', true),
  'vault.erase': by('admin', 'admin', true),
  'audit.read': by('read', 'admin auditor'),
};

/** Why the principal may not, by the table. What they may not even read answers as missing. */
export const refuseByRole: Refuse = (principal, action, target) => {
  const has = (one: Action): boolean =>
    rolesIn(principal, PERMISSIONS[one].everywhere ? EVERYWHERE : target.namespace).some((role) =>
      PERMISSIONS[one].roles.includes(role),
    );
  const reading = ACTIONS.find((one) => one === `${action.slice(0, action.indexOf('.'))}.read`);
  if (target.missing !== undefined && reading !== undefined && !has(reading)) return target.missing();
  if (has(action) && principal.access.has(PERMISSIONS[action].access)) return undefined;
  return identityError('FORBIDDEN', `\`${principal.name}\` may not do \`${action}\``);
};
