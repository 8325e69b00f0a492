import type { DatabaseOrTransaction, UserGroupsTable } from '#db';
import type { UserGroup } from '../groups/group.ts';
import type { Holder } from '../roles/role-binding.ts';

export async function findGroup(db: DatabaseOrTransaction, id: string): Promise<UserGroup | undefined> {
  const row = await db.selectFrom('user_groups').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toGroup(row);
}

export async function findGroupByName(
  db: DatabaseOrTransaction,
  namespace: string,
  name: string,
): Promise<UserGroup | undefined> {
  const row = await db
    .selectFrom('user_groups')
    .selectAll()
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && toGroup(row);
}

/** All groups, or those of one namespace, by namespace and name. */
export async function listGroups(db: DatabaseOrTransaction, namespace?: string): Promise<readonly UserGroup[]> {
  const rows = await db
    .selectFrom('user_groups')
    .selectAll()
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .orderBy('namespace')
    .orderBy('name')
    .execute();
  return rows.map(toGroup);
}

/** The groups that somebody is in. */
export async function listGroupsOf(db: DatabaseOrTransaction, { kind, id }: Holder): Promise<readonly UserGroup[]> {
  const rows = await db
    .selectFrom('user_groups')
    .innerJoin('group_members', 'group_members.group_id', 'user_groups.id')
    .selectAll('user_groups')
    .where('member_kind', '=', kind)
    .where('member_id', '=', id)
    .orderBy('user_groups.id')
    .execute();
  return rows.map(toGroup);
}

/** Adds a group; a taken name breaks a constraint, so look under the same transaction first. */
export async function insertGroup(db: DatabaseOrTransaction, group: UserGroup): Promise<void> {
  await db
    .insertInto('user_groups')
    .values({
      id: group.id,
      namespace: group.namespace,
      name: group.name,
      description: group.description,
      created_at: group.createdAt,
    })
    .execute();
}

/** Deletes a group and who was in it; false where there is none. */
export async function deleteGroupRow(db: DatabaseOrTransaction, id: string): Promise<boolean> {
  await db.deleteFrom('group_members').where('group_id', '=', id).execute();
  return (await db.deleteFrom('user_groups').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
}

/** Who is in the group, by age of membership. */
export async function listMembers(db: DatabaseOrTransaction, groupId: string): Promise<readonly Holder[]> {
  const rows = await db
    .selectFrom('group_members')
    .select(['member_kind', 'member_id'])
    .where('group_id', '=', groupId)
    .orderBy('created_at')
    .orderBy('member_id')
    .execute();
  return rows.map((row) => ({ kind: row.member_kind, id: row.member_id }));
}

/** Adds a member; who is in the group already stays as they are. */
export async function insertMember(
  db: DatabaseOrTransaction,
  groupId: string,
  member: Holder,
  now: number,
): Promise<void> {
  await db
    .insertInto('group_members')
    .values({ group_id: groupId, member_kind: member.kind, member_id: member.id, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function deleteMember(db: DatabaseOrTransaction, groupId: string, member: Holder): Promise<void> {
  await db
    .deleteFrom('group_members')
    .where('group_id', '=', groupId)
    .where('member_kind', '=', member.kind)
    .where('member_id', '=', member.id)
    .execute();
}

/** Takes somebody out of every group. */
export async function deleteMemberships(db: DatabaseOrTransaction, member: Holder): Promise<void> {
  await db
    .deleteFrom('group_members')
    .where('member_kind', '=', member.kind)
    .where('member_id', '=', member.id)
    .execute();
}

const toGroup = (row: UserGroupsTable): UserGroup => ({
  id: row.id,
  namespace: row.namespace,
  name: row.name,
  description: row.description,
  createdAt: row.created_at,
});
