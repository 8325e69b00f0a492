import { didYouMean, newId, type ChatelaineError } from '#kernel';
import { DEFAULT_NAMESPACE, type ActionTarget, type Principal, type Role, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import { NOTHING_ELSE, type Also, type ChangeFrame } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { checkAgentName, checkLabel, checkNamespace, checkRoles, quote } from '../names.ts';
import { isEverywhere, type Action, type Target } from '../permissions/index.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { joinStanding, standingOfAgent } from '../roles/standing.ts';
import {
  findAgent,
  findAgentById,
  findAgentBySpiffeId,
  insertAgent,
  listAgents,
  updateAgent,
} from '../store/agents-store.ts';
import { findUser } from '../store/users-store.ts';
import { isSelf } from '../users/user.ts';
import type { Agent, AgentType } from './agent.ts';
import { checkJwks, checkJwksUri, checkSpiffeId, isSpiffeIdOf } from './agent-identity.ts';

export interface NewAgent extends AgentFacts {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** What of an agent can be said and changed; what is left out stays, and null takes away. */
export interface AgentFacts {
  readonly type?: AgentType | undefined;
  /** The id of a user. */
  readonly responsibleUser?: string | null | undefined;
  readonly description?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly spiffeId?: string | null | undefined;
  /** A JWK Set as a JSON value. */
  readonly jwks?: unknown;
  readonly jwksUri?: string | null | undefined;
}

/** The agents: who there is, who answers for it, and who is cut off. */
export class AgentDirectory {
  readonly #frame: ChangeFrame;
  readonly #declared: DeclaredBindings;

  constructor(parts: { readonly frame: ChangeFrame; readonly declared: DeclaredBindings }) {
    this.#frame = parts.frame;
    this.#declared = parts.declared;
  }

  /** All agents that were not deleted, or those of one namespace. */
  list(namespace?: string): Promise<readonly Agent[]> {
    return listAgents(this.#frame.database.db, namespace);
  }

  /** The namespace of such an agent, whether there is one or not, and whether it is the caller's. */
  async placeOf(principal: Principal, namespace: string, name: string): Promise<ActionTarget> {
    const { db } = this.#frame.database;
    const agent = await findAgent(db, namespace, name);
    return { namespace, own: agent !== undefined && (await isResponsible(db, principal, agent)) };
  }

  /** The agent of that name, whoever asks; undefined for none and for one that was deleted. */
  async named(namespace: string, name: string): Promise<Agent | undefined> {
    const agent = await findAgent(this.#frame.database.db, namespace, name);
    return agent?.deletedAt === null ? agent : undefined;
  }

  /** The agent of that id, deleted ones too. */
  byId(id: string): Promise<Agent | undefined> {
    return findAgentById(this.#frame.database.db, id);
  }

  /** Whether the caller is the user who answers for the agent. */
  isResponsible(principal: Principal, agent: Agent): Promise<boolean> {
    return isResponsible(this.#frame.database.db, principal, agent);
  }

  /** The agent, for who may see it; throws `AGENT_UNKNOWN` for all others as for one that there is not. */
  async show(by: Author, name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    const { db } = this.#frame.database;
    const agent = await findAgent(db, namespace, name);
    this.#frame.check(by, 'agent.read', await targetOf(db, this.#declared, by.principal, namespace, name, agent));
    return agent !== undefined && agent.deletedAt === null ? agent : await unknownAgent(db, namespace, name);
  }

  /**
   * Makes an agent, a service with no role unless it says otherwise; durable when it returns.
   *
   * Throws `NAME_REFUSED`, `ROLE_UNKNOWN`, `AGENT_IDENTITY_REFUSED`, `AGENT_NAME_TAKEN`, `SPIFFE_ID_TAKEN`,
   * `USER_UNKNOWN`, and as `ChangeFrame.check` does.
   */
  async create(by: Author, request: NewAgent): Promise<Agent> {
    const { name, namespace = DEFAULT_NAMESPACE } = request;
    checkNamespace(namespace);
    checkAgentName(name);
    const blank = blankAgent(name, namespace, [], this.#frame.clock.now());
    const agent = withFacts(blank, request);
    return await this.#frame.inTransaction(by, changeOf('agent.create', agent), async (trx) => {
      this.#frame.check(by, 'agent.create', { namespace, gives: grantsOfNew(agent, this.#declared) });
      if ((await findAgent(trx, namespace, name)) !== undefined) {
        throw identityError('AGENT_NAME_TAKEN', `the namespace ${quote(namespace)} has or had an agent ${quote(name)}`);
      }
      await checkReferences(trx, by, agent, blank);
      await insertAgent(trx, agent);
      return { value: agent, objectId: agent.id };
    });
  }

  /**
   * Changes what the agent is said to be; `look` sees it before, in the same transaction. Throws as
   * `create` does, `AGENT_UNKNOWN`, and what `look` throws.
   */
  change(
    by: Author,
    name: string,
    namespace: string,
    facts: AgentFacts,
    look: (current: Agent) => void = () => {},
    also: Also = NOTHING_ELSE,
  ): Promise<Agent> {
    return this.#changing(by, 'agent.change', name, namespace, async (trx, agent) => {
      look(agent);
      const changed = withFacts(agent, facts);
      const gives = changed.roles.map((role) => ({ role, namespace }));
      this.#frame.check(by, 'agent.change', { namespace, gives });
      await checkReferences(trx, by, changed, agent);
      await also(trx);
      return changed;
    });
  }

  /** Refuses every key and certificate of the agent from now on; throws `AGENT_UNKNOWN`. */
  disable(by: Author, name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    // Disabled twice: the first moment stands.
    return this.#changing(by, 'agent.disable', name, namespace, async (_trx, agent, now) => ({
      ...agent,
      disabledAt: agent.disabledAt ?? now,
    }));
  }

  /** Lets the agent in again; throws `AGENT_UNKNOWN`. */
  enable(by: Author, name: string, namespace: string = DEFAULT_NAMESPACE): Promise<Agent> {
    return this.#changing(by, 'agent.enable', name, namespace, async (_trx, agent) => ({ ...agent, disabledAt: null }));
  }

  /**
   * Disables the agent for good. Its name is never used again, since policies and records speak of it; its
   * SPIFFE ID and public keys are free. Throws `AGENT_UNKNOWN`.
   */
  delete(
    by: Author,
    name: string,
    namespace: string = DEFAULT_NAMESPACE,
    look: (current: Agent) => void = () => {},
  ): Promise<Agent> {
    return this.#changing(by, 'agent.delete', name, namespace, async (_trx, agent, now) => {
      look(agent);
      return {
        ...agent,
        disabledAt: agent.disabledAt ?? now,
        deletedAt: now,
        spiffeId: null,
        jwks: null,
        jwksUri: null,
      };
    });
  }

  #changing(
    by: Author,
    action: Action,
    name: string,
    namespace: string,
    work: (trx: DatabaseOrTransaction, agent: Agent, now: number) => Promise<Agent>,
  ): Promise<Agent> {
    return this.#frame.inTransaction(by, changeOf(action, { name, namespace }), async (trx) => {
      const agent = await findAgent(trx, namespace, name);
      this.#frame.check(by, action, await targetOf(trx, this.#declared, by.principal, namespace, name, agent));
      if (agent === undefined || agent.deletedAt !== null) return await unknownAgent(trx, namespace, name);
      const changed = await work(trx, agent, this.#frame.clock.now());
      await updateAgent(trx, changed);
      const [before, after] = [agent.disabledAt, changed.disabledAt];
      return {
        value: changed,
        objectId: changed.id,
        ends: before === null && after !== null ? [{ what: 'agent.disabled', id: changed.id }] : [],
        resumes: before !== null && after === null ? [{ what: 'agent.enabled', id: changed.id }] : [],
      };
    });
  }
}

const changeOf = (action: Action, { name, namespace }: Pick<Agent, 'name' | 'namespace'>) => ({
  type: action,
  action: action.slice('agent.'.length),
  // Whatever was typed stands in a record no longer than a name can be.
  object: { kind: 'agent', namespace: namespace.slice(0, 128), name: name.slice(0, 128) },
});

/** An agent of which nothing is said yet. */
export const blankAgent = (name: string, namespace: string, roles: readonly Role[], now: number): Agent => ({
  id: newId(now),
  namespace,
  name,
  type: 'service',
  responsibleUser: null,
  description: '',
  roles,
  disabledAt: null,
  createdAt: now,
  spiffeId: null,
  jwks: null,
  jwksUri: null,
  deletedAt: null,
});

/** What making the agent gives it: its roles, and what documents have promised to its name. */
export const grantsOfNew = (agent: Agent, declared: DeclaredBindings): readonly RoleGrant[] =>
  joinStanding(agent, [], [], declared).grants;

/** What permissions ask about an agent, whether there is one or not. */
export async function targetOf(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  principal: Principal,
  namespace: string,
  name: string,
  agent: Agent | undefined,
): Promise<Target> {
  const missing = () => missingAgent(namespace, name);
  if (agent === undefined) return { namespace, missing };
  const own = await isResponsible(db, principal, agent);
  return { namespace, own, touches: (await standingOfAgent(db, declared, agent)).grants, missing };
}

/** Whether the caller is the user who answers for the agent. */
async function isResponsible(
  db: DatabaseOrTransaction,
  principal: Principal,
  { responsibleUser }: Pick<Agent, 'responsibleUser'>,
): Promise<boolean> {
  const responsible = responsibleUser === null ? undefined : await findUser(db, responsibleUser);
  return responsible !== undefined && isSelf(principal, responsible.user);
}

function withFacts(agent: Agent, facts: AgentFacts): Agent {
  const { type, responsibleUser, description, roles, spiffeId, jwks, jwksUri } = facts;
  if (description !== undefined) checkLabel(description);
  const changed: Agent = {
    ...agent,
    ...(type !== undefined && { type }),
    ...(responsibleUser !== undefined && { responsibleUser }),
    ...(description !== undefined && { description }),
    ...(roles !== undefined && { roles: checkRoles(roles) }),
    ...(spiffeId !== undefined && { spiffeId: spiffeId === null ? null : checkSpiffeId(spiffeId) }),
    ...(jwks !== undefined && { jwks: jwks === null ? null : checkJwks(jwks) }),
    ...(jwksUri !== undefined && { jwksUri: jwksUri === null ? null : checkJwksUri(jwksUri) }),
  };
  if (changed.jwks === null || changed.jwksUri === null) return changed;
  throw identityError('AGENT_IDENTITY_REFUSED', 'an agent has public keys or a URL of them, not both (RFC 7591 §2)');
}

/** That whom and what the agent names is there, and nobody else's. */
async function checkReferences(trx: DatabaseOrTransaction, by: Author, agent: Agent, before: Agent): Promise<void> {
  const { responsibleUser, spiffeId } = agent;
  if (responsibleUser !== null && responsibleUser !== before.responsibleUser) {
    const found = await findUser(trx, responsibleUser);
    if (found === undefined || found.user.disabledAt !== null) {
      throw identityError('USER_UNKNOWN', `there is no user ${quote(responsibleUser, 26)} who could be responsible`);
    }
  }
  if (spiffeId !== null && spiffeId !== before.spiffeId) await checkClaim(trx, by, agent.namespace, spiffeId);
}

/**
 * That the author may give that SPIFFE ID to an agent there. Whoever claims the name of a workload is let in
 * with its certificate, or keeps it out; so an administrator of a namespace gives the names below its own
 * path. One that a foreign agent has answers like any other that is not theirs, and tells nothing of it.
 */
async function checkClaim(
  trx: DatabaseOrTransaction,
  { principal }: Author,
  namespace: string,
  spiffeId: string,
): Promise<void> {
  const holder = (await findAgentBySpiffeId(trx, spiffeId))?.agent;
  const isGlobal = isEverywhere(principal);
  const isForeign = holder !== undefined && holder.namespace !== namespace;
  if (!isGlobal && (isForeign || !isSpiffeIdOf(spiffeId, namespace))) {
    throw identityError(
      'FORBIDDEN',
      `${quote(spiffeId)} is not theirs to give: an administrator of \`${namespace}\` gives those below \`/ns/${namespace}/\`, a global one the others`,
    );
  }
  if (holder !== undefined) throw identityError('SPIFFE_ID_TAKEN', `${quote(spiffeId)} is another agent's`);
}

export const missingAgent = (namespace: string, name: string, hint = ''): ChatelaineError =>
  identityError('AGENT_UNKNOWN', `there is no agent ${quote(name)} in the namespace ${quote(namespace)}${hint}`);

/** For who may see the namespace: with the name that was meant. */
export async function unknownAgent(db: DatabaseOrTransaction, namespace: string, name: string): Promise<never> {
  const names = (await listAgents(db, namespace)).map((agent) => agent.name);
  throw missingAgent(namespace, name, didYouMean(name, names));
}
