import type { Act } from './act.ts';

/** What a token stands on that was not issued to a person's client for that person. */
export type TokenBasis =
  | {
      readonly of: 'agent';
      readonly agent: { readonly id: string; readonly namespace: string; readonly name: string };
    }
  | { readonly of: 'delegation'; readonly tsid: string; readonly act: Act };

const bases = new WeakMap<object, TokenBasis>();

/** Says what a token of the provider stands on, before it is saved. */
export const standsOn = (token: object, basis: TokenBasis): void => void bases.set(token, basis);

/** What it stands on; undefined for every token that is issued under a grant of the provider. */
export const basisOf = (token: object): TokenBasis | undefined => bases.get(token);

/** Whose token somebody wants to act with: for the record, also of what was refused. */
export interface Concerned {
  readonly sub: string;
  readonly tsid: string;
}

const concerned = new WeakMap<object, Concerned>();

/** Says whom a request is about that is not theirs. */
export const concerns = (ctx: object, person: Concerned): void => void concerned.set(ctx, person);

/** Whom it is about; undefined where nobody is known. */
export const concernedBy = (ctx: object): Concerned | undefined => concerned.get(ctx);
