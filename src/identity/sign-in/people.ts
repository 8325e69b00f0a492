import { EVERYWHERE, type Role, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';

/** A person as signing in needs to know them. */
export interface Person {
  readonly id: string;
  /** What they sign in with, in its normal form. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly state: 'active' | 'disabled' | 'erased';
  readonly grants: readonly RoleGrant[];
  readonly groups: readonly string[];
}

/** Who there is. The port to the directory of users. */
export interface People {
  /** By the name that was typed, in whatever spelling. */
  byName(name: string): Promise<Person | undefined>;
  byId(id: string): Promise<Person | undefined>;
  /** Whether somebody holds `admin` everywhere. */
  hasAdministrator(db: DatabaseOrTransaction): Promise<boolean>;
  /** Makes a person who holds `admin` everywhere, in the transaction given, and gives the id. */
  addAdministrator(
    db: DatabaseOrTransaction,
    wanted: { readonly name: string; readonly displayName: string },
  ): Promise<string>;
}

/** Roles whose holders can change what others may do: a password alone is not enough for them. */
const NEEDS_SECOND_FACTOR: ReadonlySet<Role> = new Set(['admin', 'policy_admin']);

/** Whether the person must have a second factor: they hold such a role, anywhere. */
export const mustHaveSecondFactor = (person: Pick<Person, 'grants'>): boolean =>
  person.grants.some(({ role }) => NEEDS_SECOND_FACTOR.has(role));

/** The roles that hold in every namespace. */
export const globalRoles = (person: Pick<Person, 'grants'>): readonly Role[] =>
  person.grants.filter(({ namespace }) => namespace === EVERYWHERE).map(({ role }) => role);

const LONGEST_NAME = 256;

/**
 * A name in the spelling by which attempts are counted. Variants that people or systems take for the
 * same (case, spaces around, compatibility letters, invisible characters) must not be as many fresh
 * budgets for one person's password (CVE-2025-6004).
 */
export function normalizeName(typed: string): string {
  return typed
    .slice(0, LONGEST_NAME)
    .normalize('NFKC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Mn}]/gu, '')
    .trim()
    .toLowerCase()
    .normalize('NFKC');
}
