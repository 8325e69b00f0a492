import type { Principal } from './principal.ts';

/**
 * What can be done through the API, a word for each: the vocabulary of routes, which ask, and of the
 * table of roles, which answers (`#identity`).
 */
export const ACTIONS = [
  'agent.read',
  'agent.write',
  'key.read',
  'key.write',
  'secret.read',
  'secret.write',
  'data-key.read',
  'data-key.write',
  'subject.erase',
  'audit.read',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Whether the principal may do it to what is in the namespace; `EVERYWHERE` for what is in none. */
export type MayDo = (principal: Principal, action: Action, at: { readonly namespace: string }) => boolean;
