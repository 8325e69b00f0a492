import { Secret, reveal } from '#kernel';
import type { Principal } from '#contract';
import { z } from 'zod';
import type { Place } from '#vault';
import { identityError } from '../errors.ts';

/** The issuer of those who sign in with us. */
export const LOCAL_ISSUER = 'chatelaine';

/** A person, without what is sealed. */
export interface User {
  readonly id: string;
  /** As it was typed; compared by its key (`login-name.ts`). */
  readonly name: string;
  readonly issuer: string;
  /** Unique within the issuer; of a local user the id. */
  readonly subject: string;
  readonly disabledAt: number | null;
  /** From when on there is nothing of the person left but this row. */
  readonly erasedAt: number | null;
  readonly createdAt: number;
  readonly changedAt: number;
}

/**
 * Whether the caller is that user: by our id for them, which sign-ins with us carry, or by what their
 * provider calls them.
 */
export function isSelf(principal: Principal, user: Pick<User, 'id' | 'issuer' | 'subject'>): boolean {
  if (principal.kind !== 'user') return false;
  if (principal.iss === LOCAL_ISSUER) return principal.sub === user.id;
  return principal.iss === user.issuer && principal.sub === user.subject;
}

/** What is sealed under the user's own key, so that destroying it erases them from backups too. */
export interface Profile {
  readonly displayName: string;
  readonly email: string;
  readonly organization?: string | undefined;
}

export interface UserWithProfile extends User {
  /** Null once erased. */
  readonly profile: Profile | null;
}

const line = (longest: number) => z.string().regex(new RegExp(`^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]{0,${longest}}$`, 'u'));
const profileSchema = z.strictObject({
  displayName: line(200),
  // No grammar of addresses: RFC 5321 §4.5.3.1.3 bounds them, and an address is only good when mail arrives.
  email: line(254).regex(/^$|^[^\s@]+@[^\s@]+$/),
  organization: line(200).optional(),
});

/** Throws `PROFILE_REFUSED`, naming the field and never its value. */
export function checkProfile(profile: Profile): Profile {
  const checked = profileSchema.safeParse(profile);
  if (checked.success) return checked.data;
  const field = checked.error.issues[0]?.path.join('.');
  const rule = field === 'email' ? 'one e-mail address, or empty' : 'at most 200 printable characters on one line';
  throw identityError('PROFILE_REFUSED', `\`${field}\` of a profile is ${rule}`);
}

/** The sealed text's place: it opens in this user's row and nowhere else. */
export const profilePlace = (userId: string): Place => ({
  table: 'users',
  column: 'profile',
  row: userId,
  owner: `user/${userId}`,
});

export const sealable = (profile: Profile): Secret => new Secret(JSON.stringify(profile));
export const unsealed = (text: Secret): Profile => profileSchema.parse(JSON.parse(reveal(text)));
