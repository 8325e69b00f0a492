import type { AgentsTable, DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { isRole } from '../names.ts';

/** The agent of that name, disabled and deleted ones too. */
export async function findAgent(
  db: DatabaseOrTransaction,
  namespace: string,
  name: string,
): Promise<Agent | undefined> {
  const row = await db
    .selectFrom('agents')
    .selectAll()
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && toAgent(row);
}

/** The agent of that id. */
export async function findAgentById(db: DatabaseOrTransaction, id: string): Promise<Agent | undefined> {
  const row = await db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toAgent(row);
}

/** The agent that is known by that SPIFFE ID, and since when it is cut off. */
export async function findAgentBySpiffeId(
  db: DatabaseOrTransaction,
  spiffeId: string,
): Promise<AgentInUse | undefined> {
  const row = await agentsInUse(db).where('agents.spiffe_id', '=', spiffeId).executeTakeFirst();
  return row && { agent: toAgent(row), cutOffAt: cutOffAt(row) };
}

/** An agent, and since when it is cut off. */
export interface AgentInUse {
  readonly agent: Agent;
  readonly cutOffAt: number | null;
}

/** The same by the agent's id, or by its namespace and name. */
export async function findAgentInUse(
  db: DatabaseOrTransaction,
  by: { readonly id: string } | Pick<Agent, 'namespace' | 'name'>,
): Promise<AgentInUse | undefined> {
  const agents = agentsInUse(db);
  const row = await (
    'id' in by
      ? agents.where('agents.id', '=', by.id)
      : agents.where('agents.namespace', '=', by.namespace).where('agents.name', '=', by.name)
  ).executeTakeFirst();
  return row && { agent: toAgent(row), cutOffAt: cutOffAt(row) };
}

const agentsInUse = (db: DatabaseOrTransaction) =>
  db
    .selectFrom('agents')
    .leftJoin('users', 'users.id', 'agents.responsible_user')
    .leftJoin('shut_namespaces', 'shut_namespaces.namespace', 'agents.namespace')
    .selectAll('agents')
    .select(['users.disabled_at as responsible_disabled_at', 'shut_namespaces.disabled_at as namespace_disabled_at']);

/** Since when an agent is out of use, for whatever reason. */
export const cutOffAt = (
  row: Pick<AgentsTable, 'disabled_at' | 'deleted_at'> & {
    readonly responsible_disabled_at: number | null;
    readonly namespace_disabled_at: number | null;
  },
): number | null =>
  row.deleted_at ?? row.disabled_at ?? row.responsible_disabled_at ?? row.namespace_disabled_at ?? null;

/** All agents that were not deleted, or those of one namespace, by namespace and name. */
export async function listAgents(db: DatabaseOrTransaction, namespace?: string): Promise<readonly Agent[]> {
  const rows = await db
    .selectFrom('agents')
    .selectAll()
    .where('deleted_at', 'is', null)
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .orderBy('namespace')
    .orderBy('name')
    .execute();
  return rows.map(toAgent);
}

/** Agents by age, after the one of that id, and since when each is cut off; the deleted ones are left out. */
export async function listAgentsByAge(
  db: DatabaseOrTransaction,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly { readonly agent: Agent; readonly cutOffAt: number | null }[]> {
  const rows = await db
    .selectFrom('agents')
    .leftJoin('users', 'users.id', 'agents.responsible_user')
    .leftJoin('shut_namespaces', 'shut_namespaces.namespace', 'agents.namespace')
    .selectAll('agents')
    .select(['users.disabled_at as responsible_disabled_at', 'shut_namespaces.disabled_at as namespace_disabled_at'])
    .where('agents.deleted_at', 'is', null)
    .$if(page.after !== undefined, (query) => query.where('agents.id', '>', page.after as string))
    .orderBy('agents.id')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({ agent: toAgent(row), cutOffAt: cutOffAt(row) }));
}

/** Adds an agent; a taken name breaks the table's constraint, so look under the same transaction first. */
export async function insertAgent(db: DatabaseOrTransaction, agent: Agent): Promise<void> {
  await db
    .insertInto('agents')
    .values({
      id: agent.id,
      namespace: agent.namespace,
      name: agent.name,
      created_at: agent.createdAt,
      ...changeableColumns(agent),
    })
    .execute();
}

/** Writes everything of the agent that can change. */
export async function updateAgent(db: DatabaseOrTransaction, agent: Agent): Promise<void> {
  await db.updateTable('agents').set(changeableColumns(agent)).where('id', '=', agent.id).execute();
}

const changeableColumns = (agent: Agent) => ({
  type: agent.type,
  responsible_user: agent.responsibleUser,
  description: agent.description,
  roles: agent.roles.join(' '),
  disabled_at: agent.disabledAt,
  spiffe_id: agent.spiffeId,
  jwks: agent.jwks,
  jwks_uri: agent.jwksUri,
  deleted_at: agent.deletedAt,
});

export function toAgent(row: AgentsTable): Agent {
  return {
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    type: row.type,
    responsibleUser: row.responsible_user,
    description: row.description,
    roles: toRoles(row.roles),
    disabledAt: row.disabled_at,
    createdAt: row.created_at,
    spiffeId: row.spiffe_id,
    jwks: row.jwks,
    jwksUri: row.jwks_uri,
    deletedAt: row.deleted_at,
  };
}

/** The roles of a stored list. A word that is no role grants nothing. */
export const toRoles = (stored: string): Agent['roles'] => stored.split(' ').filter(isRole);
