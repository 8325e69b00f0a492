import type { AgentsTable, DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { isRole } from '../names.ts';

/** The agent of that name, disabled or not. */
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

/** All agents, or those of one namespace, by namespace and name. */
export async function listAgents(db: DatabaseOrTransaction, namespace?: string): Promise<readonly Agent[]> {
  const rows = await db
    .selectFrom('agents')
    .selectAll()
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .orderBy('namespace')
    .orderBy('name')
    .execute();
  return rows.map(toAgent);
}

/** Adds an agent; a taken name breaks the table's constraint, so look under the same transaction first. */
export async function insertAgent(db: DatabaseOrTransaction, agent: Agent): Promise<void> {
  await db
    .insertInto('agents')
    .values({
      id: agent.id,
      namespace: agent.namespace,
      name: agent.name,
      type: agent.type,
      responsible_user: agent.responsibleUser,
      description: agent.description,
      roles: agent.roles.join(' '),
      disabled_at: agent.disabledAt,
      created_at: agent.createdAt,
    })
    .execute();
}

/** Disables the agent from `disabledAt` on, or enables it with null. */
export async function setAgentDisabled(
  db: DatabaseOrTransaction,
  id: string,
  disabledAt: number | null,
): Promise<void> {
  await db.updateTable('agents').set({ disabled_at: disabledAt }).where('id', '=', id).execute();
}

function toAgent(row: AgentsTable): Agent {
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
  };
}

/** The roles of a stored list. A word that is no role grants nothing. */
export const toRoles = (stored: string): Agent['roles'] => stored.split(' ').filter(isRole);
