import type { ExpressionBuilder } from 'kysely';
import type { DatabaseOrTransaction, Schema } from '#db';
import type { Holder } from '../roles/role-binding.ts';

/** Whom roles are given to beside the rows of bindings, as rows know them. */
export interface SubjectsNamed {
  /** Users of our own, by the key of their login name. */
  readonly nameKeys: readonly string[];
  readonly users: readonly { readonly issuer: string; readonly subject: string }[];
  readonly groups: readonly { readonly namespace: string; readonly name: string }[];
  readonly claimGroups: readonly { readonly issuer: string; readonly name: string }[];
}

/** The ids of users in use to whom a role was given at one of the scopes, or who are named; by id. */
export async function listUserIdsHolding(
  db: DatabaseOrTransaction,
  scopes: readonly string[],
  named: SubjectsNamed,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly string[]> {
  const groups = await listGroupIdsHolding(db, scopes, named.groups);
  const rows = await db
    .selectFrom('users')
    .select('users.id')
    .where('erased_at', 'is', null)
    .where('disabled_at', 'is', null)
    .$if(page.after !== undefined, (query) => query.where('users.id', '>', page.after as string))
    .where((where) =>
      where.or([
        where('users.id', 'in', boundTo(where, 'user', scopes)),
        ...(groups.length === 0 ? [] : [where('users.id', 'in', membersOf(where, 'user', groups))]),
        where.exists(
          where
            .selectFrom('user_claim_groups')
            .innerJoin('role_bindings', (join) =>
              join
                .onRef('role_bindings.subject_issuer', '=', 'user_claim_groups.issuer')
                .onRef('role_bindings.subject_id', '=', 'user_claim_groups.name'),
            )
            .select('user_id')
            .whereRef('user_id', '=', 'users.id')
            .where('subject_kind', '=', 'claim-group')
            .where('role_bindings.namespace', 'in', scopes),
        ),
        ...named.nameKeys.map((key) => where('name_key', '=', key)),
        ...named.users.map(({ issuer, subject }) =>
          where.and([where('users.issuer', '=', issuer), where('users.subject', '=', subject)]),
        ),
        ...named.claimGroups.map(({ issuer, name }) =>
          where.exists(
            where
              .selectFrom('user_claim_groups')
              .select('user_id')
              .whereRef('user_id', '=', 'users.id')
              .where('user_claim_groups.issuer', '=', issuer)
              .where('user_claim_groups.name', '=', name),
          ),
        ),
      ]),
    )
    .orderBy('users.id')
    .limit(page.limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** The ids of agents that are in one of the namespaces, or to which a role was given there; by id. */
export async function listAgentIdsHolding(
  db: DatabaseOrTransaction,
  namespaces: readonly string[],
  named: Pick<SubjectsNamed, 'groups'>,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly string[]> {
  const groups = await listGroupIdsHolding(db, namespaces, named.groups);
  const rows = await db
    .selectFrom('agents')
    .select('agents.id')
    .where('deleted_at', 'is', null)
    .$if(page.after !== undefined, (query) => query.where('agents.id', '>', page.after as string))
    .where((where) =>
      where.or([
        where('agents.namespace', 'in', namespaces),
        where('agents.id', 'in', boundTo(where, 'agent', namespaces)),
        ...(groups.length === 0 ? [] : [where('agents.id', 'in', membersOf(where, 'agent', groups))]),
      ]),
    )
    .orderBy('agents.id')
    .limit(page.limit)
    .execute();
  return rows.map(({ id }) => id);
}

async function listGroupIdsHolding(
  db: DatabaseOrTransaction,
  scopes: readonly string[],
  named: SubjectsNamed['groups'],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('user_groups')
    .select('id')
    .where((where) =>
      where.or([
        where(
          'id',
          'in',
          where
            .selectFrom('role_bindings')
            .select('subject_id')
            .where('subject_kind', '=', 'group')
            .where('role_bindings.namespace', 'in', scopes),
        ),
        ...named.map(({ namespace, name }) =>
          where.and([where('namespace', '=', namespace), where('name', '=', name)]),
        ),
      ]),
    )
    .execute();
  return rows.map(({ id }) => id);
}

const boundTo = (
  where: ExpressionBuilder<Schema, 'users' | 'agents'>,
  kind: Holder['kind'],
  scopes: readonly string[],
) =>
  where
    .selectFrom('role_bindings')
    .select('subject_id')
    .where('subject_kind', '=', kind)
    .where('role_bindings.namespace', 'in', scopes);

const membersOf = (
  where: ExpressionBuilder<Schema, 'users' | 'agents'>,
  kind: Holder['kind'],
  groups: readonly string[],
) =>
  where.selectFrom('group_members').select('member_id').where('member_kind', '=', kind).where('group_id', 'in', groups);
