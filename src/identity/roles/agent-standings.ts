import type { Clock } from '#kernel';
import type { Database } from '#db';
import type { Agent } from '../agents/agent.ts';
import { Remembered } from '../remembered.ts';
import { findAgentInUse } from '../store/agents-store.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { standingOfAgent, type Standing } from './standing.ts';

/** An agent and what it is, as of now. */
export interface StandingAgent extends Standing {
  readonly agent: Agent;
}

/**
 * What agents may be and do, for who comes with a token: from memory while nothing has changed, here or in
 * another process. Who is cut off, by themselves, with their namespace or with who answers for them, is nobody.
 */
export class AgentStandings {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #declared: DeclaredBindings;
  readonly #known: Remembered<StandingAgent>;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly declared: DeclaredBindings }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#declared = parts.declared;
    this.#known = new Remembered(parts.database.changes);
  }

  /** The agent of that id; undefined for none and for one that is cut off. Throws as the database does. */
  ofAgent(id: string): Promise<StandingAgent | undefined> {
    return this.#read(`id ${id}`, { id });
  }

  /** The agent of that name; undefined for none and for one that is cut off. Throws as the database does. */
  named(namespace: string, name: string): Promise<StandingAgent | undefined> {
    return this.#read(`name ${namespace}/${name}`, { namespace, name });
  }

  async #read(key: string, by: Parameters<typeof findAgentInUse>[1]): Promise<StandingAgent | undefined> {
    const known = this.#known.recall(key, this.#clock.now());
    if (known !== undefined) return known;
    const keep = this.#known.reading();
    const found = await findAgentInUse(this.#database.db, by);
    if (found === undefined || found.cutOffAt !== null) return undefined;
    const { agent } = found;
    const standing = Object.freeze({ agent, ...(await standingOfAgent(this.#database.db, this.#declared, agent)) });
    keep(key, standing);
    return standing;
  }

  forget(): void {
    this.#known.forget();
  }
}
