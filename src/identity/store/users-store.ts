import type { ExpressionBuilder } from 'kysely';
import type { DatabaseOrTransaction, Schema, UsersTable } from '#db';
import type { SealedColumn } from '#vault';
import { LOCAL_ISSUER, profilePlace, type User } from '../users/user.ts';

/** A user with the sealed text of the profile. */
export interface StoredUser {
  readonly user: User;
  /** Null once erased. */
  readonly sealed: string | null;
}

/** The user of that id, disabled or not. */
export const findUser = (db: DatabaseOrTransaction, id: string): Promise<StoredUser | undefined> =>
  one(db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst());

/** The user whose login name has that key (`loginKey`). */
export const findUserByKey = (db: DatabaseOrTransaction, nameKey: string): Promise<StoredUser | undefined> =>
  one(db.selectFrom('users').selectAll().where('name_key', '=', nameKey).executeTakeFirst());

/** The user whom an issuer knows by that subject. */
export const findUserBySubject = (
  db: DatabaseOrTransaction,
  issuer: string,
  subject: string,
): Promise<StoredUser | undefined> =>
  one(
    db.selectFrom('users').selectAll().where('issuer', '=', issuer).where('subject', '=', subject).executeTakeFirst(),
  );

/** Users by age, after the one of that id; the erased ones are left out. */
export async function listUsers(
  db: DatabaseOrTransaction,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly StoredUser[]> {
  const rows = await db
    .selectFrom('users')
    .selectAll()
    .where('erased_at', 'is', null)
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after as string))
    .orderBy('id')
    .limit(page.limit)
    .execute();
  return rows.map(toStored);
}

/** Whether the user of a row can sign in: they are not disabled, and have a password or a provider. */
export const hasWayIn = (on: ExpressionBuilder<Schema, 'users'>) =>
  on.and([
    on('users.disabled_at', 'is', null),
    on.or([
      on('users.issuer', '<>', LOCAL_ISSUER),
      on.exists(on.selectFrom('passwords').select('user_id').whereRef('passwords.user_id', '=', 'users.id')),
    ]),
  ]);

/** Everybody who can sign in. */
export async function listUsersWithWayIn(db: DatabaseOrTransaction): Promise<readonly User[]> {
  const rows = await db.selectFrom('users').selectAll().where(hasWayIn).orderBy('id').execute();
  return rows.map((row) => toStored(row).user);
}

/** Adds a user; a taken name or subject breaks a constraint, so look under the same transaction first. */
export async function insertUser(
  db: DatabaseOrTransaction,
  user: User,
  nameKey: string,
  profile: { readonly text: string; readonly keyId: string },
): Promise<void> {
  await db
    .insertInto('users')
    .values({
      id: user.id,
      name: user.name,
      name_key: nameKey,
      issuer: user.issuer,
      subject: user.subject,
      profile: profile.text,
      key_id: profile.keyId,
      disabled_at: user.disabledAt,
      erased_at: user.erasedAt,
      created_at: user.createdAt,
      changed_at: user.changedAt,
    })
    .execute();
}

export async function setUserProfile(
  db: DatabaseOrTransaction,
  id: string,
  profile: { readonly text: string; readonly keyId: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ profile: profile.text, key_id: profile.keyId, changed_at: now })
    .where('id', '=', id)
    .execute();
}

export async function setUserName(
  db: DatabaseOrTransaction,
  id: string,
  name: string,
  nameKey: string,
  now: number,
): Promise<void> {
  await db.updateTable('users').set({ name, name_key: nameKey, changed_at: now }).where('id', '=', id).execute();
}

/** Disables the user from `disabledAt` on, or enables them with null. */
export async function setUserDisabled(
  db: DatabaseOrTransaction,
  id: string,
  disabledAt: number | null,
  now: number,
): Promise<void> {
  await db.updateTable('users').set({ disabled_at: disabledAt, changed_at: now }).where('id', '=', id).execute();
}

/**
 * Leaves of the person the id and the times alone: what they were called, here and at their provider, is
 * theirs as well. The names that stand there instead are no login names, so nobody can have them.
 */
export async function eraseUserRow(db: DatabaseOrTransaction, user: User, now: number): Promise<void> {
  await db
    .updateTable('users')
    .set({
      name: `(erased ${user.id})`,
      name_key: `(erased ${user.id})`,
      subject: `(erased ${user.id})`,
      profile: null,
      key_id: null,
      disabled_at: user.disabledAt ?? now,
      erased_at: now,
      changed_at: now,
    })
    .where('id', '=', user.id)
    .where('erased_at', 'is', null)
    .execute();
  await db.deleteFrom('user_claim_groups').where('user_id', '=', user.id).execute();
}

/** Says that what the person signs in with was replaced or taken away. */
export async function setCredentialsChanged(db: DatabaseOrTransaction, id: string, now: number): Promise<void> {
  await db.updateTable('users').set({ credentials_changed_at: now }).where('id', '=', id).execute();
}

/** The groups that an issuer named for the user. */
export async function listClaimGroups(
  db: DatabaseOrTransaction,
  userId: string,
): Promise<readonly { readonly issuer: string; readonly name: string }[]> {
  return await db
    .selectFrom('user_claim_groups')
    .select(['issuer', 'name'])
    .where('user_id', '=', userId)
    .orderBy('issuer')
    .orderBy('name')
    .execute();
}

/** Puts these groups in the place of those that the issuer named before. */
export async function replaceClaimGroups(
  db: DatabaseOrTransaction,
  userId: string,
  issuer: string,
  names: readonly string[],
): Promise<void> {
  await db.deleteFrom('user_claim_groups').where('user_id', '=', userId).where('issuer', '=', issuer).execute();
  if (names.length === 0) return;
  const rows = names.map((name) => ({ user_id: userId, issuer, name }));
  await db.insertInto('user_claim_groups').values(rows).execute();
}

/** The sealed column of this table, for rotations of data keys. */
export const userProfileColumn: SealedColumn = {
  sealedWith: async (db, keyId, limit) => {
    const rows = await db
      .selectFrom('users')
      .select(['id', 'profile'])
      .where('key_id', '=', keyId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ place: profilePlace(row.id), text: row.profile ?? '' }));
  },
  replace: async (db, row, text, keyId) => {
    const result = await db
      .updateTable('users')
      .set({ profile: text, key_id: keyId })
      .where('id', '=', row.place.row)
      .where('profile', '=', row.text)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },
};

async function one(row: Promise<UsersTable | undefined>): Promise<StoredUser | undefined> {
  const found = await row;
  return found && toStored(found);
}

const toStored = (row: UsersTable): StoredUser => ({
  user: {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    subject: row.subject,
    disabledAt: row.disabled_at,
    erasedAt: row.erased_at,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  },
  sealed: row.profile,
});
