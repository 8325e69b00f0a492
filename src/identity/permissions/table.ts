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

  'token-session.read': by('read', 'admin auditor', 'everywhere own'),
  'token-session.end': by('admin', 'admin', 'everywhere own'),
  'token-session.end-all': by('admin', 'admin', 'everywhere dangerous'),

  'oauth-client.read': by('read', 'admin auditor', 'everywhere'),
  'oauth-client.delete': by('admin', 'admin', 'everywhere dangerous'),
  'oauth-client.block': by('admin', 'admin', 'everywhere dangerous'),
  'oauth-client.unblock': by('admin', 'admin', 'everywhere dangerous'),

  'grant.read': by('read', 'admin auditor', 'everywhere own'),
  'grant.revoke': by('admin', 'admin', 'everywhere own'),

  'tool.read': by('read', 'admin tool_publisher policy_admin user auditor', 'own'),
  'tool.review': by('read', 'admin tool_publisher policy_admin auditor'),
  'tool.publish': by('admin', 'admin tool_publisher'),
  'tool.change': by('admin', 'admin', 'own'),
  'tool.approve': by('admin', 'admin tool_publisher policy_admin'),
  'tool.quarantine': by('admin', 'admin tool_publisher policy_admin'),

  'limit.read': by('read', 'admin policy_admin auditor'),
  'limit.put': by('admin', 'admin policy_admin', 'dangerous'),
  'limit.delete': by('admin', 'admin policy_admin', 'dangerous'),
  // Policy decides who is given one: the role says no more than that they have to do with the namespace.
  'tool.vend': by('read', 'admin tool_publisher policy_admin user auditor'),
  'tool.validate': by('read', 'admin tool_publisher'),
  'tool.request': by('read', 'admin tool_publisher policy_admin user auditor'),

  'credential.list': by('read', 'admin tool_publisher policy_admin user auditor'),
  'credential.read': by('read', 'admin auditor', 'own'),
  'credential.revoke': by('admin', 'admin', 'own'),

  'access-request.list': by('read', 'admin tool_publisher policy_admin user auditor'),
  'access-request.read': by('read', 'admin policy_admin auditor', 'own'),
  'access-request.review': by('admin', 'policy_admin', 'dangerous'),
  'access-request.cancel': by('read', 'policy_admin', 'own'),

  'access-review.read': by('read', 'admin auditor', 'own'),
  'access-review.open': by('admin', 'admin', 'dangerous'),
  // Who is no reviewer of it is refused by the campaign, whatever they may do elsewhere.
  'access-review.decide': by('admin', 'admin', 'own dangerous'),
  'access-review.close': by('admin', 'admin', 'dangerous'),

  'invitation.create': by('admin', 'admin', 'everywhere rank'),

  'policy.read': by('read', 'admin policy_admin auditor'),
  'policy.change': by('admin', 'policy_admin', 'dangerous'),

  'audit.read': by('read', 'admin auditor'),
  'audit.export': by('read', 'admin auditor'),

  'approval.read': by('read', 'admin policy_admin auditor', 'own'),
  'approval.decide': by('admin', 'admin policy_admin', 'own dangerous'),
  'approval.cancel': by('execute', 'admin policy_admin', 'own'),
  'statistics.read': by('read', 'admin tool_publisher policy_admin user auditor'),

  'alert.read': by('read', 'admin auditor'),
  'alert.acknowledge': by('admin', 'admin auditor'),

  'containment.read': by('read', 'admin auditor'),
  'containment.begin': by('admin', 'admin', 'dangerous'),
  'containment.release': by('admin', 'admin', 'dangerous'),
} as const satisfies Record<Action, Permission>;

export type { Action };
export type PermissionTable = Readonly<Record<Action, Permission>>;
