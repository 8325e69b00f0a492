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
  'tool.read',
  'tool.publish',
  'policy.read',
  'policy.change',
  'audit.read',
  'audit.export',
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
