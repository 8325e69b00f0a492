import type { ActionTarget, Principal } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent, Author, ChangeFrame } from '#identity';
import { newId } from '#kernel';
import {
  countPending,
  decideRequest,
  findPending,
  findRequest,
  insertRequest,
  listRequests,
  reopenRequest,
  setCreatedPolicy,
  type AccessFilter,
} from '../store/access-requests-store.ts';
import type { VendableTools } from '../credentials/ports.ts';
import { accessPolicy, type AccessPolicy } from './access-policy.ts';
import {
  accessState,
  LONGEST_ACCESS_MS,
  MOST_PENDING,
  USUAL_ACCESS_MS,
  type AccessRequest,
  type AccessState,
} from './access-request.ts';
import { accessError, unknownRequest, unknownTool } from './errors.ts';

/** Where policies are made: as whoever approves, with their permission and on record as theirs. */
export interface PolicyMaker {
  createPolicy(by: Author, policy: AccessPolicy): Promise<{ readonly id: string }>;
}

/** The agents of a namespace, and who answers for them. */
export interface ResponsibleAgents {
  named(namespace: string, name: string): Promise<Agent | undefined>;
  byId(id: string): Promise<Agent | undefined>;
  isResponsible(principal: Principal, agent: Agent): Promise<boolean>;
}

export interface AccessWish {
  readonly namespace: string;
  readonly tool: string;
  /** By name, of the tool's namespace: an agent that the caller answers for. */
  readonly agent?: string | undefined;
  readonly policy?: string | undefined;
  readonly justification: string;
}

export interface Review {
  readonly notes?: string | undefined;
  /** Until when access is given, in milliseconds. */
  readonly endsAt?: number | undefined;
}

/**
 * Wishes for access: asked with a reason, decided by another person who writes policies, and turned into a policy
 * that says where it comes from. Four eyes: who asked, who is to have it and who answers for them decide nothing.
 */
export class AccessRequests {
  readonly #frame: ChangeFrame;
  readonly #tools: VendableTools;
  readonly #agents: ResponsibleAgents;
  readonly #policies: PolicyMaker;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly tools: VendableTools;
    readonly agents: ResponsibleAgents;
    readonly policies: PolicyMaker;
  }) {
    this.#frame = parts.frame;
    this.#tools = parts.tools;
    this.#agents = parts.agents;
    this.#policies = parts.policies;
  }

  /**
   * Whether there is such a tool is for the reviewer to see: whoever asks may know its name from somebody, and must
   * not learn here what lists leave out. Throws `ACCESS_SUBJECT_REFUSED`, `ACCESS_REQUEST_PENDING`,
   * `ACCESS_REQUEST_LIMIT`.
   */
  async ask(by: Author, wish: AccessWish): Promise<AccessRequest> {
    const { namespace, tool, justification } = wish;
    const now = this.#frame.clock.now();
    const id = newId(now);
    const subject = await this.#subjectOf(by.principal, wish);
    const change = changeOf('access.requested', 'request', namespace, id, { tool: `${namespace}/${tool}` });
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const request: AccessRequest = {
        ...{ id, namespace, tool, subject, justification, requestedBy: by.principal.sub },
        policy: wish.policy ?? null,
        ...{ state: 'pending', reviewedBy: null, notes: null, createdPolicy: null, accessEndsAt: null },
        ...{ createdAt: now, decidedAt: null },
      };
      await this.#makeRoom(trx, request);
      await insertRequest(trx, request);
      return { value: request, details: { subject: subject.id } };
    });
  }

  /** Gives the person access until then, or says no. Throws as `#decide` does, and as making a policy does. */
  async approve(by: Author, id: string, { notes, endsAt }: Review): Promise<AccessRequest> {
    const now = this.#frame.clock.now();
    const ends = endsAt ?? now + USUAL_ACCESS_MS;
    if (ends <= now || ends > now + LONGEST_ACCESS_MS) {
      throw accessError('ACCESS_END_REFUSED', `\`${new Date(ends).toISOString()}\` is past, or too far away`);
    }
    const decided = await this.#decide(by, id, 'approved', { notes, endsAt: ends });
    const { db } = this.#frame.database;
    try {
      // Under the reviewer's name and by their permission. Of several who approve at once the gate let one come here.
      const { id: policy } = await this.#policies.createPolicy(by, accessPolicy(decided, ends));
      await setCreatedPolicy(db, id, policy);
      return { ...decided, createdPolicy: policy };
    } catch (error) {
      await reopenRequest(db, id);
      throw error;
    }
  }

  async reject(by: Author, id: string, { notes }: Review): Promise<AccessRequest> {
    return await this.#decide(by, id, 'rejected', { notes, endsAt: undefined });
  }

  /** Takes one's own request back. Throws `ACCESS_REQUEST_UNKNOWN`, `ACCESS_REQUEST_DECIDED`. */
  async cancel(by: Author, id: string): Promise<AccessRequest> {
    return await this.#frame.inTransaction(by, changeOf('access.cancelled', 'cancel', '*', id), async (trx) => {
      const request = await findRequest(trx, id);
      const missing = () => unknownRequest(id);
      if (request === undefined) throw missing();
      const target = { namespace: request.namespace, own: isParty(by.principal, request), missing };
      this.#frame.check(by, 'access-request.cancel', target);
      return { value: await this.#settle(trx, request, { state: 'cancelled', notes: null, by: null, endsAt: null }) };
    });
  }

  /** Where the request is, and whether it is the caller's; undefined where there is none. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget | undefined> {
    const found = await findRequest(this.#frame.database.db, id);
    return found && { namespace: found.namespace, own: isParty(principal, found) };
  }

  async find(id: string): Promise<AccessRequest> {
    const found = await findRequest(this.#frame.database.db, id);
    if (found === undefined) throw unknownRequest(id);
    return found;
  }

  /** A page, the oldest first. */
  async list(
    filter: AccessFilter,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly AccessRequest[]> {
    return await listRequests(this.#frame.database.db, filter, page);
  }

  async #subjectOf(principal: Principal, { namespace, agent: name }: AccessWish): Promise<AccessRequest['subject']> {
    const { kind, iss, sub } = principal;
    if (name === undefined) {
      if (kind === 'anonymous' || iss !== 'chatelaine' || principal.via.method === 'local') {
        throw accessError('ACCESS_SUBJECT_REFUSED', `\`${principal.name}\` is nobody who could be given access`);
      }
      return { kind, id: sub, name: kind === 'agent' ? principal.name : '' };
    }
    const agent = await this.#agents.named(namespace, name);
    if (agent === undefined || !(await this.#agents.isResponsible(principal, agent))) {
      throw accessError('ACCESS_SUBJECT_REFUSED', `\`${name.slice(0, 128)}\` is no agent that they answer for`);
    }
    return { kind: 'agent', id: agent.id, name: agent.name };
  }

  async #makeRoom(trx: DatabaseOrTransaction, request: AccessRequest): Promise<void> {
    const { namespace, tool, subject, requestedBy, createdAt: now } = request;
    const pending = await findPending(trx, { namespace, tool, subjectId: subject.id });
    if (pending !== undefined) {
      if (accessState(pending, now) === 'pending') {
        throw accessError('ACCESS_REQUEST_PENDING', `\`${pending.id}\` waits for its review`);
      }
      const over = { reviewedBy: null, notes: null, accessEndsAt: null, decidedAt: now };
      await decideRequest(trx, pending.id, { ...over, state: 'cancelled' });
    }
    if ((await countPending(trx, requestedBy)) >= MOST_PENDING) {
      throw accessError('ACCESS_REQUEST_LIMIT', `${MOST_PENDING} requests of this requester are undecided`);
    }
  }

  async #decide(
    by: Author,
    id: string,
    state: 'approved' | 'rejected',
    { notes = '', endsAt }: Review,
  ): Promise<AccessRequest> {
    const verb = state === 'approved' ? 'approve' : 'reject';
    const change = changeOf(`access.${state}`, verb, '*', id);
    if (by.principal.kind !== 'user' || by.principal.act !== undefined) {
      throw accessError('ACCESS_REVIEWER_REFUSED', `\`${by.principal.name}\` is no person who acts by themselves`);
    }
    const theirs = await this.#isTheirs(by.principal, id);
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const request = await findRequest(trx, id);
      const missing = () => unknownRequest(id);
      if (request === undefined) throw missing();
      this.#frame.check(by, 'access-request.review', { namespace: request.namespace, missing });
      if (state === 'approved' && this.#tools.find(request.namespace, request.tool) === undefined) {
        throw unknownTool(request.namespace, request.tool);
      }
      if (theirs) {
        throw accessError('ACCESS_REQUEST_OWN', `the request \`${id.slice(0, 26)}\` is \`${by.principal.name}\`'s own`);
      }
      const settled = { state, notes, by: by.principal.sub, endsAt: endsAt ?? null };
      const value = await this.#settle(trx, request, settled);
      const details = { tool: `${request.namespace}/${request.tool}`, subject: request.subject.id };
      return { value, details };
    });
  }

  /** Who decides must be a person, and another one than all who gain by it. */
  async #isTheirs(principal: Principal, id: string): Promise<boolean> {
    const request = await findRequest(this.#frame.database.db, id);
    if (request === undefined) return false;
    if (isParty(principal, request)) return true;
    if (request.subject.kind !== 'agent') return false;
    const agent = await this.#agents.byId(request.subject.id);
    return agent === undefined || (await this.#agents.isResponsible(principal, agent));
  }

  async #settle(
    trx: DatabaseOrTransaction,
    request: AccessRequest,
    decided: {
      readonly state: AccessState;
      readonly notes: string | null;
      readonly by: string | null;
      readonly endsAt: number | null;
    },
  ): Promise<AccessRequest> {
    const now = this.#frame.clock.now();
    const change = {
      ...{ state: decided.state, reviewedBy: decided.by, notes: decided.notes },
      ...{ accessEndsAt: decided.endsAt, decidedAt: now },
    };
    const isOpen = accessState(request, now) === 'pending';
    if (!isOpen || !(await decideRequest(trx, request.id, change))) {
      throw accessError('ACCESS_REQUEST_DECIDED', `the request \`${request.id}\` is ${accessState(request, now)}`);
    }
    return { ...request, ...change };
  }
}

const isParty = ({ iss, sub }: Principal, { requestedBy, subject }: AccessRequest): boolean =>
  iss === 'chatelaine' && (sub === requestedBy || sub === subject.id);

const changeOf = (
  type: string,
  action: string,
  namespace: string,
  id: string,
  details: Readonly<Record<string, string>> = {},
) => ({
  ...{ type, action, details },
  object: { kind: 'access-request', namespace, name: id.slice(0, 26), id: id.slice(0, 26) },
});
