import type { AuditLog } from '#audit';
import type { Call } from '#http';
import type { Clock } from '#kernel';
import { z } from 'zod';
import { EVERYWHERE, resourceName } from '#contract';
import type { Author } from '../author.ts';
import type { Identity } from '../identity.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SignInServices } from '../sign-in/open-sign-in.ts';
import type { UserDirectory } from '../users/user-directory.ts';

export interface RouteParts {
  readonly identity: Identity;
  readonly users: UserDirectory;
  readonly sessions: Pick<Sessions, 'list' | 'end' | 'endAll'>;
  /** How people come to be, and what administrators do for those who cannot sign in. */
  readonly recovery: {
    readonly publicUrl: URL;
    readonly passwords: Pick<SignInServices['passwords'], 'issueLink'>;
    readonly enrolment: Pick<SignInServices['enrolment'], 'reset'>;
    readonly invitations: SignInServices['invitations'];
    readonly passwordTokens: SignInServices['passwordTokens'];
  };
  /** For what the record says of a person. */
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Who changes something, as services take it. */
export const authorOf = ({ principal, origin }: Pick<Call, 'principal' | 'origin'>): Author => ({ principal, origin });

/** A namespace, or `*` for what holds everywhere. */
export const scopeName = z.union([z.literal(EVERYWHERE), resourceName]).describe('A namespace, or `*`: everywhere.');

/** An id of ours; what is none is not there. */
export const anyId = z.string().min(1).max(128);

/** The items of some namespaces, or of all. */
export async function ofNamespaces<Item>(
  namespaces: readonly string[] | 'all',
  list: (namespace: string | undefined) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  if (namespaces === 'all') return await list(undefined);
  return (await Promise.all(namespaces.map(list))).flat();
}

/**
 * A page of a list that is read whole, agents, keys and groups being counted in thousands. `placeOf` gives
 * what the order goes by: a position stays one when what stood there is gone.
 */
export function pageOf<Item, Shown>(
  all: readonly Item[],
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
  placeOf: (item: Item) => string,
  show: (item: Item) => Shown,
): { readonly items: readonly Shown[]; readonly next: string | undefined } {
  const placed = all
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => after === undefined || place > after)
    .toSorted((left, right) => (left.place < right.place ? -1 : 1));
  const page = placed.slice(0, limit);
  return { items: page.map(({ item }) => show(item)), next: placed.length > limit ? page.at(-1)?.place : undefined };
}
