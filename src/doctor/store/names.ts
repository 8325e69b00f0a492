import type { DatabaseOrTransaction } from '#db';

export interface NamedTool {
  readonly namespace: string;
  readonly name: string;
}

/** Tools that publishers registered, each with the document that runs, YAML or JSON. */
export async function listRegisteredTools(
  db: DatabaseOrTransaction,
): Promise<readonly (NamedTool & { readonly document: string })[]> {
  return await db
    .selectFrom('registered_tools')
    .innerJoin('registered_tool_revisions', (join) =>
      join
        .onRef('registered_tool_revisions.tool_id', '=', 'registered_tools.id')
        .onRef('registered_tool_revisions.revision', '=', 'registered_tools.revision'),
    )
    .select(['namespace', 'name', 'document'])
    .execute();
}

/** Every tool whose definition was ever met: those of modules stand nowhere else. */
export async function listMetTools(db: DatabaseOrTransaction): Promise<readonly NamedTool[]> {
  return await db.selectFrom('tool_pins').select(['namespace', 'name']).execute();
}

/** Groups of our own, as policies call them. */
export async function listGroupNames(db: DatabaseOrTransaction): Promise<readonly string[]> {
  const groups = await db.selectFrom('user_groups').select(['namespace', 'name']).execute();
  return groups.map(({ namespace, name }) => `${namespace}/${name}`);
}

/** Ids of users and agents, those that were cut off among them: they may come back. */
export async function listPrincipals(
  db: DatabaseOrTransaction,
): Promise<{ readonly users: readonly string[]; readonly agents: readonly string[] }> {
  const users = await db.selectFrom('users').select('id').where('erased_at', 'is', null).execute();
  const agents = await db.selectFrom('agents').select('id').where('deleted_at', 'is', null).execute();
  return { users: users.map(({ id }) => id), agents: agents.map(({ id }) => id) };
}

/** Limits that were made by the API, each with the JSON of what it says. */
export async function listLimitDefinitions(
  db: DatabaseOrTransaction,
): Promise<readonly { readonly namespace: string; readonly name: string; readonly definition: string }[]> {
  return await db.selectFrom('limits').select(['namespace', 'name', 'definition']).execute();
}
