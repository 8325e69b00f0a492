/** Who there is and what there is to call, as questions to policies need it: ports that `main` fills in. */
import type { ArgumentType, Principal } from '#contract';
import type { ToolFacts } from '../facts/entities.ts';

/** Whom a question is about: a person by login name or id, an agent by `namespace/name` or id, or anybody. */
export type Whom =
  | { readonly kind: 'user' | 'agent'; readonly id: string }
  | { readonly kind: 'anonymous'; readonly id?: undefined };

/** The namespaces that whoever asks may ask about; a role that is held everywhere reaches them all. */
export type Reach = readonly string[] | 'all';

export const isWithin = (reach: Reach, namespace: string): boolean => reach === 'all' || reach.includes(namespace);

/**
 * Within a reach are the agents of its namespaces, and whoever was given a role in one of them; users also by a
 * role that holds everywhere, since they are of no namespace. Everybody else is as who is not there.
 */
export interface Callers {
  /** Somebody with what they hold now; undefined for who is not there, and for who is cut off. */
  find(whom: { readonly kind: 'user' | 'agent'; readonly id: string }, reach: Reach): Promise<Principal | undefined>;
  /** Everybody who may come, in an order that stays; a page of them in memory. */
  page(after: string | undefined, limit: number, reach: Reach): Promise<CallersPage>;
}

export interface CallersPage {
  readonly callers: readonly Principal[];
  /** After which the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

export interface CallableTool {
  readonly facts: ToolFacts;
  /** What is passed to it, by name. */
  readonly arguments: Readonly<Record<string, ArgumentType>>;
}

export interface CallableTools {
  /** Undefined for what is not there; in `namespace` alone. */
  find(namespace: string, name: string): CallableTool | undefined | Promise<CallableTool | undefined>;
}
