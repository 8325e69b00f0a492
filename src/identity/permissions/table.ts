import type { Access, Action, Role } from '#contract';

/** What one action asks of the caller. */
export interface Permission {
  /** What the credential must be for, whatever its owner may do. */
  readonly access: Access;
  /** Any of these roles, held where the object is. */
  readonly roles: readonly Role[];
  /** The role must be a global one: the object belongs to no namespace, or the act reaches beyond one. */
  readonly everywhere?: true;
  /** Whose it is may do it too: a user to themselves, the responsible user to an agent and its keys. */
  readonly own?: true;
  /** Who does it only because it is their own gives nothing that was not given before by who holds an office. */
  readonly narrow?: true;
  /** Refused towards whoever holds a role that the caller could not give, and for giving such a role. */
  readonly rank?: true;
  /**
   * A person must have proved themselves recently (`signIn.recentProof`), with a second factor. Every change
   * that gives or touches more than `user` asks for that anyway.
   */
  readonly dangerous?: true;
}

const by = (access: Access, roles: string, rules: string = ''): Permission => {
  const words = rules.split(' ').filter((word) => word !== '');
  return { access, roles: roles.split(' ') as Role[], ...Object.fromEntries(words.map((word) => [word, true])) };
};

/**
 * Every administrative action and what it asks. Roles part duties: who writes policies or publishes tools
 * touches no identity, and an administrator of identities writes no policy without that role.
 */
export const PERMISSIONS = {
  'user.read': by('read', 'admin auditor', 'everywhere own'),
  'user.create': by('admin', 'admin', 'everywhere rank'),
  'user.change': by('admin', 'admin', 'everywhere own'),
  'user.rename': by('admin', 'admin', 'everywhere rank'),
  'user.disable': by('admin', 'admin', 'everywhere rank dangerous'),
  'user.enable': by('admin', 'admin', 'everywhere rank'),
  'user.erase': by('admin', 'admin', 'everywhere rank dangerous'),
  'user.reset': by('admin', 'admin', 'everywhere rank dangerous'),
  'user.export': by('read', 'admin', 'everywhere own dangerous'),

  'session.read': by('read', 'admin auditor', 'everywhere own'),
  'session.revoke': by('admin', 'admin', 'everywhere own'),

  'group.read': by('read', 'admin auditor'),
  'group.create': by('admin', 'admin', 'rank'),
  'group.change': by('admin', 'admin', 'rank'),
  'group.delete': by('admin', 'admin', 'rank'),

  'binding.read': by('read', 'admin auditor'),
  'binding.create': by('admin', 'admin', 'rank dangerous'),
  'binding.delete': by('admin', 'admin', 'rank dangerous'),

  'agent.read': by('read', 'admin auditor', 'own'),
  'agent.create': by('admin', 'admin', 'rank'),
  'agent.change': by('admin', 'admin', 'rank'),
  'agent.disable': by('admin', 'admin', 'own rank'),
  'agent.enable': by('admin', 'admin', 'rank'),
  'agent.delete': by('admin', 'admin', 'rank dangerous'),

  'key.read': by('read', 'admin auditor', 'own'),
  'key.create': by('admin', 'admin', 'own narrow rank'),
  'key.create-admin': by('admin', 'admin', 'rank dangerous'),
  'key.rotate': by('admin', 'admin', 'own narrow rank'),
  'key.revoke': by('admin', 'admin', 'own rank'),

  'namespace.read': by('read', 'admin auditor'),
  'namespace.disable': by('admin', 'admin', 'everywhere dangerous'),
  'namespace.enable': by('admin', 'admin', 'everywhere'),

  'secret.read': by('read', 'admin tool_publisher auditor'),
  'secret.put': by('admin', 'admin tool_publisher'),
  'secret.disable': by('admin', 'admin tool_publisher'),
  'secret.delete': by('admin', 'admin tool_publisher', 'dangerous'),

  'vault.read': by('read', 'admin auditor', 'everywhere'),
  'vault.rotate': by('admin', 'admin', 'everywhere'),
  'vault.erase': by('admin', 'admin', 'everywhere dangerous'),

  'signing-key.read': by('read', 'admin', 'everywhere'),
  'signing-key.rotate': by('admin', 'admin', 'everywhere dangerous'),

  'tool.read': by('read', 'admin tool_publisher policy_admin user auditor'),
  'tool.publish': by('admin', 'admin tool_publisher'),

  'policy.read': by('read', 'admin policy_admin auditor'),
  'policy.change': by('admin', 'policy_admin', 'dangerous'),

  'audit.read': by('read', 'admin auditor'),
  'audit.export': by('read', 'admin auditor'),
} as const satisfies Record<Action, Permission>;

export type { Action };
export type PermissionTable = Readonly<Record<Action, Permission>>;
