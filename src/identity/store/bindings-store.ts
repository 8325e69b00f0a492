import type { RoleGrant } from '#contract';
import type { DatabaseOrTransaction, RoleBindingsTable } from '#db';
import type { Holder, RoleBinding, Subject } from '../roles/role-binding.ts';
import { hasWayIn } from './users-store.ts';

/** The binding of that id. */
export async function findBinding(db: DatabaseOrTransaction, id: string): Promise<RoleBinding | undefined> {
  const row = await db.selectFrom('role_bindings').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toBinding(row);
}

/** The binding of that role at that scope to that subject. */
export async function findSameBinding(
  db: DatabaseOrTransaction,
  { role, namespace }: RoleGrant,
  subject: Subject,
): Promise<RoleBinding | undefined> {
  const { kind, issuer, id } = columnsOf(subject);
  const row = await db
    .selectFrom('role_bindings')
    .selectAll()
    .where('role', '=', role)
    .where('namespace', '=', namespace)
    .where('subject_kind', '=', kind)
    .where('subject_issuer', '=', issuer)
    .where('subject_id', '=', id)
    .executeTakeFirst();
  return row && toBinding(row);
}

/** All bindings, or those at one scope, oldest first. */
export async function listBindings(db: DatabaseOrTransaction, namespace?: string): Promise<readonly RoleBinding[]> {
  const rows = await db
    .selectFrom('role_bindings')
    .selectAll()
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .orderBy('id')
    .execute();
  return rows.map(toBinding);
}

/** What a subject was given itself, not through groups it is in. */
export async function listBindingsTo(db: DatabaseOrTransaction, subject: Subject): Promise<readonly RoleBinding[]> {
  const { kind, issuer, id } = columnsOf(subject);
  const rows = await db
    .selectFrom('role_bindings')
    .selectAll()
    .where('subject_kind', '=', kind)
    .where('subject_issuer', '=', issuer)
    .where('subject_id', '=', id)
    .orderBy('id')
    .execute();
  return rows.map(toBinding);
}

/** What somebody was given, and what the groups they are in were given. */
export async function listGrantsOf(db: DatabaseOrTransaction, { kind, id }: Holder): Promise<readonly RoleGrant[]> {
  const groupsOf = db
    .selectFrom('group_members')
    .select('group_id')
    .where('member_kind', '=', kind)
    .where('member_id', '=', id);
  return await db
    .selectFrom('role_bindings')
    .select(['role', 'namespace'])
    .where((where) =>
      where.or([
        where.and([where('subject_kind', '=', kind), where('subject_id', '=', id)]),
        where.and([where('subject_kind', '=', 'group'), where('subject_id', 'in', groupsOf)]),
        where.and([
          where('subject_kind', '=', 'claim-group'),
          // An agent's id is no user's, so agents have none of these.
          where.exists(
            where
              .selectFrom('user_claim_groups')
              .select('user_id')
              .where('user_id', '=', id)
              .whereRef('user_claim_groups.issuer', '=', 'role_bindings.subject_issuer')
              .whereRef('user_claim_groups.name', '=', 'role_bindings.subject_id'),
          ),
        ]),
      ]),
    )
    .execute();
}

/** Whether any user who can sign in has that role at that scope, by themselves or through a group. */
export async function isHeldByUserWithWayIn(
  db: DatabaseOrTransaction,
  { role, namespace }: RoleGrant,
): Promise<boolean> {
  const holder = await db
    .selectFrom('role_bindings')
    .leftJoin('group_members', (join) =>
      join.onRef('group_members.group_id', '=', 'role_bindings.subject_id').on('member_kind', '=', 'user'),
    )
    .leftJoin('user_claim_groups', (join) =>
      join
        .onRef('user_claim_groups.issuer', '=', 'role_bindings.subject_issuer')
        .onRef('user_claim_groups.name', '=', 'role_bindings.subject_id'),
    )
    .innerJoin('users', (join) =>
      join.on((on) =>
        on.or([
          on.and([on('subject_kind', '=', 'user'), on('users.id', '=', on.ref('role_bindings.subject_id'))]),
          on.and([on('subject_kind', '=', 'group'), on('users.id', '=', on.ref('group_members.member_id'))]),
          on.and([on('subject_kind', '=', 'claim-group'), on('users.id', '=', on.ref('user_claim_groups.user_id'))]),
        ]),
      ),
    )
    .select('users.id')
    .where('role', '=', role)
    .where('role_bindings.namespace', '=', namespace)
    .where(hasWayIn)
    .limit(1)
    .executeTakeFirst();
  return holder !== undefined;
}

/** Adds a binding; the same one twice breaks a constraint, so look under the same transaction first. */
export async function insertBinding(db: DatabaseOrTransaction, binding: RoleBinding): Promise<void> {
  const { kind, issuer, id } = columnsOf(binding.subject);
  await db
    .insertInto('role_bindings')
    .values({
      id: binding.id,
      role: binding.role,
      namespace: binding.namespace,
      subject_kind: kind,
      subject_issuer: issuer,
      subject_id: id,
      created_at: binding.createdAt,
    })
    .execute();
}

export async function deleteBinding(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db.deleteFrom('role_bindings').where('id', '=', id).execute();
}

/** Takes everything that was given to the subject. */
export async function deleteBindingsTo(db: DatabaseOrTransaction, subject: Subject): Promise<void> {
  const { kind, issuer, id } = columnsOf(subject);
  await db
    .deleteFrom('role_bindings')
    .where('subject_kind', '=', kind)
    .where('subject_issuer', '=', issuer)
    .where('subject_id', '=', id)
    .execute();
}

const columnsOf = (subject: Subject) =>
  subject.kind === 'claim-group'
    ? { kind: subject.kind, issuer: subject.issuer, id: subject.name }
    : { kind: subject.kind, issuer: '', id: subject.id };

function toBinding(row: RoleBindingsTable): RoleBinding {
  return {
    id: row.id,
    role: row.role,
    namespace: row.namespace,
    subject:
      row.subject_kind === 'claim-group'
        ? { kind: row.subject_kind, issuer: row.subject_issuer, name: row.subject_id }
        : { kind: row.subject_kind, id: row.subject_id },
    createdAt: row.created_at,
  };
}
