import { z } from 'zod';
import type { Principal } from '#contract';
import type { Call } from '#http';
import { LOCAL_ISSUER, unknownUser, type Author, type ChangeFrame, type UserDirectory } from '#identity';
import type { DeclaredClients } from '../clients/declared-clients.ts';
import type { RegistrationSettings } from '../clients/registration-rules.ts';
import type { Grants } from '../grants/grants.ts';

export interface AdministrationParts {
  readonly frame: ChangeFrame;
  readonly users: Pick<UserDirectory, 'placeOf'>;
  /** The `kind: client` documents of now; a command on a data directory may not know them. */
  readonly declared: DeclaredClients;
  readonly registration?: RegistrationSettings;
  /** For ending them, which asks identity providers. */
  readonly grants: Pick<Grants, 'revoke'>;
}

export const authorOf = ({ principal, origin }: Pick<Call, 'principal' | 'origin'>): Author => ({ principal, origin });

/** An id of ours; what is none is not there. */
export const anyId = z.string().min(1).max(128);
/** `namespace/name`. */
export const ownerName = z.string().min(1).max(256);
export const clientId = z.string().min(1).max(2048);

/** The id of a user, or `me`: who acts for somebody need not know what we call them. */
const userInPath = z.strictObject({ id: anyId.describe('The id of the user, or `me`.') });
type UserInPath = z.output<typeof userInPath>;

export const userMeant = ({ id }: UserInPath, { kind, iss, sub }: Principal): string =>
  id === 'me' && kind === 'user' && iss === LOCAL_ISSUER ? sub : id;

/** What routes below `/users/{id}` have in common. */
export const ofUser = ({ users }: Pick<AdministrationParts, 'users'>) =>
  ({
    params: userInPath,
    where: {
      target: (params: UserInPath, principal: Principal) => users.placeOf(principal, userMeant(params, principal)),
      missing: ({ id }: UserInPath) => unknownUser(id),
    },
  }) as const;

/** A page of what was asked for with one more than it holds. */
export function cut<Item extends { readonly id: string }, Shown>(
  items: readonly Item[],
  limit: number,
  show: (item: Item) => Shown,
): { readonly items: readonly Shown[]; readonly next: string | undefined } {
  const page = items.slice(0, limit);
  return { items: page.map(show), next: items.length > limit ? page.at(-1)?.id : undefined };
}
