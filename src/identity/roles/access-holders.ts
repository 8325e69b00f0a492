import type { AccessHolder, AccessKey } from '#audit';
import { EVERYWHERE } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { ApiKey } from '../keys/api-key.ts';
import { listAgentsByAge } from '../store/agents-store.ts';
import { listKeysOf } from '../store/keys-store.ts';
import { listUsers } from '../store/users-store.ts';
import { LOCAL_ISSUER } from '../users/user.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { rolesHeldByAgent, rolesHeldByUser } from './held-roles.ts';

/** What identity knows of somebody who may hold access; the vault knows the rest. */
export type IdentityHolder = Omit<AccessHolder, 'secrets'>;

const PAGE = 100;

/**
 * Everybody who was not erased or deleted, users first, by age, with what they hold; a page of them in
 * memory. Whoever comes or goes meanwhile may be missed: a review is of a moment that lasts.
 */
export async function* accessHolders(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  page: number = PAGE,
): AsyncGenerator<IdentityHolder, void, undefined> {
  let after: string | undefined;
  for (;;) {
    const users = await listUsers(db, { after, limit: page });
    for (const { user } of users) {
      yield {
        kind: 'user',
        // As the record names them, whoever vouches for them.
        iss: LOCAL_ISSUER,
        sub: user.id,
        name: user.name,
        namespace: EVERYWHERE,
        createdAt: user.createdAt,
        disabled: user.disabledAt !== null,
        roles: await rolesHeldByUser(db, declared, user),
        keys: [],
      };
    }
    after = users.at(-1)?.user.id;
    if (users.length < page) break;
  }
  yield* agentHolders(db, declared, page);
}

async function* agentHolders(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  page: number,
): AsyncGenerator<IdentityHolder, void, undefined> {
  let after: string | undefined;
  for (;;) {
    const agents = await listAgentsByAge(db, { after, limit: page });
    const keys = await listKeysOf(
      db,
      agents.map(({ agent }) => agent.id),
    );
    const keysByAgent = Map.groupBy(keys, ({ agentId }) => agentId);
    for (const { agent, cutOffAt } of agents) {
      yield {
        kind: 'agent',
        iss: LOCAL_ISSUER,
        sub: agent.id,
        name: agent.name,
        namespace: agent.namespace,
        createdAt: agent.createdAt,
        disabled: cutOffAt !== null,
        roles: await rolesHeldByAgent(db, declared, agent),
        keys: (keysByAgent.get(agent.id) ?? []).map(accessKey),
      };
    }
    after = agents.at(-1)?.agent.id;
    if (agents.length < page) return;
  }
}

const accessKey = ({ id, access, scopes, allowedTools, createdAt, expiresAt, lastUsedAt }: ApiKey): AccessKey => ({
  id,
  access,
  scopes,
  ...(allowedTools !== null && { tools: allowedTools }),
  createdAt,
  ...(expiresAt !== null && { expiresAt }),
  ...(lastUsedAt !== null && { lastUsedAt }),
});
