import type { ChatelaineError } from '#kernel';
import type { Principal } from './principal.ts';

/**
 * What can be done to what Chatelaine keeps, a word for each: the vocabulary of routes, which ask, and
 * of the table of roles (`#identity`), which answers.
 */
export const ACTIONS = [
  'agent.read',
  'agent.disable',
  'agent.enable',
  'key.read',
  'key.create',
  'key.revoke',
  'secret.read',
  'secret.put',
  'secret.disable',
  'secret.delete',
  'vault.read',
  'vault.rotate',
  'vault.erase',
  'audit.read',
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
