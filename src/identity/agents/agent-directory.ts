import { didYouMean, type Clock } from '#kernel';
import { DEFAULT_NAMESPACE } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { IdentityChanges } from '../changes.ts';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import { findAgent, listAgents, setAgentDisabled } from '../store/agents-store.ts';
import type { Agent } from './agent.ts';

/** The agents: who there is, and who is cut off. */
export class AgentDirectory {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #changes: IdentityChanges;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly changes: IdentityChanges }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#changes = parts.changes;
  }

  /** All agents, or those of one namespace. */
  list(namespace?: string): Promise<readonly Agent[]> {
    return listAgents(this.#database.db, namespace);
  }

  /** The agent of that name; throws `AGENT_UNKNOWN`. */
  async find(name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    const { db } = this.#database;
    return (await findAgent(db, namespace, name)) ?? (await unknownAgent(db, namespace, name));
  }

  /** Refuses every key of the agent from now on; throws `AGENT_UNKNOWN`. */
  disable(name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    return this.#setDisabled(name, namespace, this.#clock.now());
  }

  /** Lets the agent's keys count again; throws `AGENT_UNKNOWN`. */
  enable(name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    return this.#setDisabled(name, namespace, null);
  }

  #setDisabled(name: string, namespace: string, disabledAt: number | null): Promise<Agent> {
    return this.#changes.after(
      this.#database.transaction(async (trx) => {
        const agent = (await findAgent(trx, namespace, name)) ?? (await unknownAgent(trx, namespace, name));
        // Disabled twice: the first moment stands.
        const since = disabledAt === null ? null : (agent.disabledAt ?? disabledAt);
        await setAgentDisabled(trx, agent.id, since);
        return { ...agent, disabledAt: since };
      }),
    );
  }
}

async function unknownAgent(db: DatabaseOrTransaction, namespace: string, name: string): Promise<never> {
  const names = (await listAgents(db, namespace)).map((agent) => agent.name);
  throw identityError(
    'AGENT_UNKNOWN',
    `there is no agent ${quote(name)} in the namespace ${quote(namespace)}${didYouMean(name, names)}`,
  );
}
