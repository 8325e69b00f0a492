/** What a schema says to the generator of CustomResourceDefinitions, and zod itself has no word for. */
import { z } from 'zod';
import type { Rule, Transition } from './rule.ts';

/** How entries of a list are told apart when several people write to it (`x-kubernetes-list-type`). */
export type ListFacts =
  | { readonly type: 'map'; readonly keys: readonly [string, ...string[]] }
  | { readonly type: 'set' }
  | { readonly type: 'atomic' };

export interface StructuralFacts {
  readonly rules?: readonly Rule<never>[];
  readonly transitions?: readonly Transition<never>[];
  readonly list?: ListFacts;
  /** `maxProperties`; zod has no check of that name. */
  readonly mostMembers?: number;
  /** Whatever members an object has is kept, and none of them is looked at. */
  readonly isOpaque?: boolean;
  /** `date-time`, `int32` and others that apiextensions knows. */
  readonly format?: string;
}

/** Of schemas, and of those that were made from them. */
export const structural = z.registry<StructuralFacts>();

/** The schema, with these facts beside those that it had. */
export function saying<Schema extends z.ZodType>(schema: Schema, facts: StructuralFacts): Schema {
  const own = schema.clone(undefined, { parent: true });
  structural.add(own, { ...structural.get(schema), ...facts });
  return own;
}
