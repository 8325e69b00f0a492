import type { DatabaseOrTransaction } from '#db';

/** How many data keys of namespaces there are. */
export async function countNamespaceKeys(db: DatabaseOrTransaction): Promise<number> {
  const row = await db
    .selectFrom('data_keys')
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('scope_kind', '=', 'namespace')
    .executeTakeFirst();
  return Number(row?.keys ?? 0);
}

/** The latest moment at which something was made, milliseconds; 0 where nothing was. */
export async function newestMoment(db: DatabaseOrTransaction): Promise<number> {
  const moments = await Promise.all([
    db
      .selectFrom('agents')
      .select((of) => of.fn.max('created_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('api_keys')
      .select((of) => of.fn.max('created_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('api_keys')
      .select((of) => of.fn.max('last_used_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('secrets')
      .select((of) => of.fn.max('changed_at').as('at'))
      .executeTakeFirst(),
  ]);
  return Math.max(0, ...moments.map((row) => row?.at ?? 0));
}

/** People who are neither disabled nor erased, and whether they have a second factor. */
export async function listActivePeople(
  db: DatabaseOrTransaction,
): Promise<readonly { readonly id: string; readonly hasSecondFactor: boolean }[]> {
  const people = await db
    .selectFrom('users')
    .select('id')
    .where('disabled_at', 'is', null)
    .where('erased_at', 'is', null)
    .orderBy('id')
    .execute();
  const apps = await db.selectFrom('totp_seeds').select('user_id').where('confirmed_at', 'is not', null).execute();
  const passkeys = await db.selectFrom('passkeys').select('user_id').distinct().execute();
  const having = new Set([...apps, ...passkeys].map(({ user_id }) => user_id));
  return people.map(({ id }) => ({ id, hasSecondFactor: having.has(id) }));
}

/** Agents that were given `admin` somewhere, themselves or as a member of a group. */
export async function listAgentsGivenAdmin(db: DatabaseOrTransaction): Promise<ReadonlySet<string>> {
  const given = await db
    .selectFrom('role_bindings')
    .select(['subject_kind', 'subject_id'])
    .where('role', '=', 'admin')
    .where('subject_kind', 'in', ['agent', 'group'])
    .execute();
  const idsOf = (kind: string) =>
    given.filter(({ subject_kind }) => subject_kind === kind).map((one) => one.subject_id);
  const groups = idsOf('group');
  const members =
    groups.length === 0
      ? []
      : await db
          .selectFrom('group_members')
          .select('member_id')
          .where('member_kind', '=', 'agent')
          .where('group_id', 'in', groups)
          .execute();
  return new Set([...idsOf('agent'), ...members.map(({ member_id }) => member_id)]);
}

/** The version of each active secret that is given out now. */
export async function latestVersions(db: DatabaseOrTransaction): Promise<
  readonly {
    readonly namespace: string;
    readonly name: string;
    readonly createdAt: number;
    readonly expiresAt: number | null;
  }[]
> {
  const rows = await db
    .selectFrom('secret_versions')
    .innerJoin('secrets', 'secrets.id', 'secret_versions.secret_id')
    .select(['secrets.namespace', 'secrets.name', 'secret_versions.created_at', 'secret_versions.expires_at'])
    .where('secrets.state', '=', 'active')
    .where('secret_versions.ends_at', 'is', null)
    .where('secret_versions.shredded_at', 'is', null)
    .orderBy('secrets.namespace')
    .orderBy('secrets.name')
    .execute();
  return rows.map(({ namespace, name, created_at: createdAt, expires_at: expiresAt }) => ({
    ...{ namespace, name, createdAt, expiresAt },
  }));
}
