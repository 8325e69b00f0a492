import type { ChatelaineError } from '#kernel';
import type { Principal } from './principal.ts';

/**
 * What can be done to what Chatelaine keeps, a word for each: the vocabulary of routes, which ask, and
 * of the table of roles (`#identity`), which answers.
 */
export const ACTIONS = [
  'user.read',
  'user.create',
  'user.change',
  'user.rename',
  'user.disable',
  'user.enable',
  'user.erase',
  'user.reset',
  'user.export',
  'session.read',
  'session.revoke',
  'group.read',
  'group.create',
  'group.change',
  'group.delete',
  'binding.read',
  'binding.create',
  'binding.delete',
  'agent.read',
  'agent.create',
  'agent.change',
  'agent.disable',
  'agent.enable',
  'agent.delete',
  'key.read',
  'key.create',
  'key.create-admin',
  'key.rotate',
  'key.revoke',
  'namespace.read',
  'namespace.disable',
  'namespace.enable',
  'secret.read',
  'secret.put',
  'secret.disable',
  'secret.delete',
  'vault.read',
  'vault.rotate',
  'vault.erase',
  'signing-key.read',
  'signing-key.rotate',
  'token-session.read',
  'token-session.end',
  'token-session.end-all',
  'oauth-client.read',
  'oauth-client.delete',
  'oauth-client.block',
  'oauth-client.unblock',
  'grant.read',
  'grant.revoke',
  'tool.read',
  'tool.review',
  'tool.publish',
  'limit.read',
  'limit.put',
  'limit.delete',
  'tool.change',
  'tool.approve',
  'tool.quarantine',
  'tool.vend',
  'tool.validate',
  'tool.request',
  'credential.list',
  'credential.read',
  'credential.revoke',
  'access-request.list',
  'access-request.read',
  'access-request.review',
  'access-request.cancel',
  'access-review.read',
  'access-review.open',
  'access-review.decide',
  'access-review.close',
  'invitation.create',
  'policy.read',
  'policy.change',
  'audit.read',
  'audit.export',
  'approval.read',
  'approval.decide',
  'approval.cancel',
  'statistics.read',
  'alert.read',
  'alert.acknowledge',
  'containment.read',
  'containment.begin',
  'containment.release',
] as const;
export type Action = (typeof ACTIONS)[number];

/** What an action is about. */
export interface ActionTarget {
  /** Where it is; `EVERYWHERE` for what is in no namespace. */
  readonly namespace: string;
  /** Whether it is the caller's own. */
  readonly own?: boolean;
  /** How what is not there answers: a caller who may not see this gets the same. */
  readonly missing?: () => ChatelaineError;
}

/** Why the principal may not; undefined when they may. The port of routes to the table. */
export type Refuse = (principal: Principal, action: Action, target: ActionTarget) => ChatelaineError | undefined;
