import type { Role, RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { loginKey } from '../users/login-name.ts';
import type { Profile } from '../users/user.ts';

/** As much of a person as a sign-in looks at before it knows that it is they. */
export interface Account {
  readonly id: string;
  /** What they sign in with, as it was given to them. */
  readonly name: string;
  readonly state: 'active' | 'disabled' | 'erased';
  /** Who vouches for them: `LOCAL_ISSUER` for those who sign in with us. */
  readonly issuer: string;
  /** What the issuer knows them by. */
  readonly subject: string;
}

/** A person as signing in needs to know them. */
export interface Person extends Account {
  readonly displayName: string;
  readonly email: string;
  readonly grants: readonly RoleGrant[];
  readonly groups: readonly string[];
}

/** Who there is, as far as signing in asks. */
export interface People {
  /** By the name that was typed, in whatever spelling; one statement, whether there is somebody or not. */
  byName(name: string): Promise<Account | undefined>;
  /** Everything about a person; undefined for nobody and for the erased. */
  byId(id: string): Promise<Person | undefined>;
  /** Whether somebody who can sign in holds `admin` everywhere. */
  hasAdministrator(db: DatabaseOrTransaction): Promise<boolean>;
  /**
   * Makes a person with these roles and gives the id. `admit` runs before and `also` after, in
   * the same transaction; either takes all of it back when it throws. Throws `NAME_REFUSED`,
   * `PROFILE_REFUSED`, `USER_NAME_TAKEN`.
   */
  add(wanted: {
    readonly name: string;
    readonly profile: Profile;
    readonly grants: readonly RoleGrant[];
    readonly admit: (trx: DatabaseOrTransaction) => Promise<void>;
    readonly also: (trx: DatabaseOrTransaction, id: string) => Promise<void>;
  }): Promise<string>;
}

/** Roles whose holders can change what others may do: a password alone is not enough for them. */
const NEEDS_SECOND_FACTOR: ReadonlySet<Role> = new Set(['admin', 'policy_admin']);

/** Whether the person must have a second factor: they hold such a role, anywhere. */
export const mustHaveSecondFactor = (person: Pick<Person, 'grants'>): boolean =>
  person.grants.some(({ role }) => NEEDS_SECOND_FACTOR.has(role));

const LONGEST_NAME = 256;

/**
 * A name as it was typed, in the spelling by which attempts are counted and people are found. Variants that
 * people or systems take for the same (case, spaces around, compatibility letters, invisible characters)
 * must not be as many fresh budgets for one person's password (CVE-2025-6004).
 */
export const normalizeName = (typed: string): string =>
  loginKey(
    typed
      .slice(0, LONGEST_NAME)
      .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
      .trim(),
  );
