/**
 * What a credential is given: requested ∩ policy ∩ caller, for the shortest of the times. Pure.
 *
 * Its scopes are words of two kinds: `read` and `execute` say what may be done with the tool, the others are
 * those that the tool asks of a bearer. Nothing comes to be by vending: a caller whose credential has scopes
 * gives no other ones, and who came without any (a session, a certificate) is given those of the tool that the
 * policy names, and no others.
 */
import { err, ok, type Result } from '#kernel';
import type { Access, Principal } from '#contract';
import type { Obligations } from '#policy';

export const USUAL_MS = 15 * 60_000;
/** Whatever a policy says: what lives longer is a key. */
export const LONGEST_MS = 3_600_000;

/** What may be done with a tool. */
const USES: readonly Access[] = ['read', 'execute'];

export interface Wish {
  /** All that can be had when left out. */
  readonly scopes?: readonly string[] | undefined;
  readonly durationMs?: number | undefined;
}

/** The credential that this one is made from. */
export interface Parent {
  readonly scopes: ReadonlySet<string>;
  readonly expiresAt: number;
}

export interface Granted {
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

export type Ungranted = 'empty' | 'wider';

export function grantFor(
  wish: Wish,
  caller: Pick<Principal, 'access' | 'scopes' | 'via'>,
  tool: { readonly scopesRequired: readonly string[] },
  asked: { readonly obligations: Obligations; readonly parent: Parent | undefined; readonly now: number },
): Result<Granted, Ungranted> {
  const { obligations, parent, now } = asked;
  const wanted = wish.scopes && new Set(wish.scopes);
  // Who asks for more than they hand on from is told so, and not given less than they count on.
  if (parent !== undefined && isWider(wish, parent, now)) return err('wider');
  const scopes = [...new Set<string>([...USES, ...tool.scopesRequired])]
    .filter((scope) => wanted === undefined || wanted.has(scope))
    .filter((scope) => obligations.scopes === undefined || obligations.scopes.includes(scope))
    .filter((scope) => isHeld(scope, caller, tool.scopesRequired, obligations.scopes))
    .filter((scope) => parent === undefined || parent.scopes.has(scope))
    .toSorted();
  if (!scopes.some(isUse)) return err('empty');
  const ends = [
    now + (wish.durationMs ?? USUAL_MS),
    now + LONGEST_MS,
    now + (obligations.durationMs ?? LONGEST_MS),
    parent?.expiresAt ?? Infinity,
  ];
  return ok({ scopes, expiresAt: Math.min(...ends) });
}

const isUse = (scope: string): boolean => (USES as readonly string[]).includes(scope);

function isWider({ scopes = [], durationMs = 0 }: Wish, parent: Parent, now: number): boolean {
  return scopes.some((scope) => !parent.scopes.has(scope)) || now + durationMs > parent.expiresAt;
}

/** A tool may ask for a scope that is called `read`: then it takes that scope as well as the use. */
function isHeld(
  scope: string,
  { access, scopes, via }: Pick<Principal, 'access' | 'scopes' | 'via'>,
  required: readonly string[],
  named: readonly string[] | undefined,
): boolean {
  if (isUse(scope) && !access.has(scope as Access)) return false;
  if (!required.includes(scope)) return true;
  const carriesScopes = via.method === 'api-key' || via.method === 'token';
  return carriesScopes ? scopes.has(scope) : named?.includes(scope) === true;
}
