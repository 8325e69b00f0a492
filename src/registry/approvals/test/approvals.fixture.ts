import { onTestFinished } from 'vitest';
import {
  approvalsSchema,
  auditEvent,
  EVERYWHERE,
  forgetfulLedger,
  type AuditEvent,
  type AuditTrail,
  type Principal,
  type Role,
} from '#contract';
import { type Database } from '#db';
import { openIdentity, operator, userPrincipal, userProfileColumn, type Identity, type UserDirectory } from '#identity';
import { newId, silentLogger, type ChatelaineError, type Clock, type JsonObject } from '#kernel';
import { approvalArgumentsColumn, openApprovals, type Approvals, type ClaimingCall, type MayApprove } from '#registry';
import { openVault, sameNamespace, type Vault, type WrapperSettings } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace, openRunning } from '../../../../test/databases.ts';
import { randomWrapper } from '../../../../test/random-wrapper.ts';

/** A clock that stands still until it is told. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 10, 30);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export const MINUTE = 60_000;

/** Approvals as one process has them, over a real database. */
export interface TestDesk {
  readonly approvals: Approvals;
  readonly clock: HandClock;
  readonly database: Database;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly users: UserDirectory;
  /** What was recorded, oldest first, intents included. */
  readonly records: AuditEvent[];
  /** Another process on the same data: it shares the place, the clock and nothing in memory. */
  beside(): Promise<TestDesk>;
  /** Somebody with roles everywhere, in groups, as their session in a browser shows them. */
  person(
    name: string,
    as?: { readonly roles?: readonly Role[]; readonly groups?: readonly string[] },
  ): Promise<Principal>;
  /** An agent that somebody answers for, as its key shows it. */
  agent(name: string, responsible?: Principal): Promise<Principal>;
  /** Claims a call; gives `let through`, or the code of the refusal, with the id of the approval. */
  claim(by: Principal, args?: JsonObject, more?: Partial<Claimed>): Promise<Claim>;
  approve(by: Principal, id: string): Promise<string>;
  refuse(by: Principal, id: string, reason?: string): Promise<string>;
}

export interface Claimed {
  readonly needs: readonly string[];
  readonly tool: string;
  readonly pin: string;
}

export interface Claim {
  readonly outcome: string;
  readonly id: string;
}

export interface DeskOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly mayApprove?: MayApprove;
}

export async function startDesk(dialect: TestDialect = 'sqlite', options: DeskOptions = {}): Promise<TestDesk> {
  const wrapper = randomWrapper();
  return await deskAt(await emptyPlace(dialect), new HandClock(), wrapper, options);
}

async function deskAt(
  at: TestPlace,
  clock: HandClock,
  wrapper: WrapperSettings,
  options: DeskOptions,
): Promise<TestDesk> {
  const database = await openRunning(at, clock);
  const records: AuditEvent[] = [];
  const trail: AuditTrail = {
    status: { available: true },
    async append(event) {
      records.push(auditEvent.parse(event));
      return { id: newId(0), writer: newId(0), seq: records.length };
    },
    digest: (value) =>
      `hs256:00000000:${Buffer.from(JSON.stringify(value)).toString('base64url').padEnd(43, '_').slice(0, 43)}`,
  };
  const columns = [userProfileColumn, approvalArgumentsColumn];
  const vault = await openVault({
    ...{ ledger: forgetfulLedger, database, clock, log: silentLogger, mayUse: sameNamespace, wrapper, columns },
  });
  onTestFinished(() => vault.close());
  const identity = openIdentity({ database, clock, log: silentLogger, trail, ledger: forgetfulLedger });
  const users = identity.userDirectory(vault);
  const approvals = openApprovals({
    frame: identity.frame,
    envelope: vault.envelope,
    standings: identity.standings,
    agents: identity.agentStandings,
    settings: approvalsSchema.parse(options.settings ?? {}),
    bindingKey: async () => Buffer.from('a key of the installation'),
    mayApprove: options.mayApprove ?? (() => true),
    pageUrl: (id) => new URL(`https://tools.example/console/approvals/${id}`),
  });
  const from = { door: 'console', address: '198.51.100.7' } as const;
  const said = async (doing: Promise<unknown>): Promise<string> => {
    try {
      await doing;
      return 'done';
    } catch (error) {
      return (error as ChatelaineError).code ?? String(error);
    }
  };
  return {
    ...{ approvals, clock, database, vault, identity, users, records },
    beside: () => deskAt(at, clock, wrapper, options),
    async person(name, { roles = ['user'], groups = [] } = {}) {
      const { id } = await users.create(operator(), { name, profile: { displayName: name, email: '' } });
      for (const role of roles)
        await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject: { kind: 'user', id } });
      for (const group of groups) {
        const [namespace = '', called = ''] = group.includes('/') ? group.split('/') : ['default', group];
        const known = (await identity.groups.list(namespace)).some((one) => one.name === called);
        if (!known) await identity.groups.create(operator(), { namespace, name: called });
        await identity.groups.addMember(operator(), namespace, called, { kind: 'user', id });
      }
      const standing = await identity.standings.ofUser(id);
      if (standing === undefined) throw new Error('nobody');
      return userPrincipal(standing, {
        ...{ namespace: 'default', via: { method: 'session', sessionId: newId(0) } },
        ...{ amr: ['pwd', 'otp', 'mfa'], authTime: clock.now() },
      });
    },
    async agent(name, responsible) {
      const facts = responsible === undefined ? {} : { responsibleUser: responsible.sub };
      const agent = await identity.agents.create(operator(), { name, roles: ['user'], ...facts });
      return {
        ...{ kind: 'agent', iss: 'chatelaine', sub: agent.id, name, namespace: 'default', roles: ['user'] },
        ...{ access: new Set(['read', 'execute'] as const), groups: [], scopes: new Set<string>() },
        via: { method: 'api-key', keyId: newId(0) },
      };
    },
    async claim(by, args = { amount: 12 }, { needs = [''], tool = 'pay', pin = 'sha256:pin' } = {}) {
      const call = callOf(by, args, tool);
      try {
        await approvals.claims.claim(call, { obligations: { approvals: needs } }, pin);
        return { outcome: 'let through', id: '' };
      } catch (error) {
        const { code, details } = error as ChatelaineError;
        const about = details?.['approval'] as { readonly id: string } | undefined;
        return { outcome: code ?? String(error), id: about?.id ?? '' };
      }
    },
    approve: (by, id) =>
      said(approvals.decisions.decide({ principal: by, origin: originOf(by) }, id, { verdict: 'approve' }, from)),
    refuse: (by, id, reason) =>
      said(
        approvals.decisions.decide({ principal: by, origin: originOf(by) }, id, { verdict: 'refuse', reason }, from),
      ),
  };
}

export function callOf(by: Principal, args: JsonObject, tool = 'pay'): ClaimingCall {
  return {
    principal: by,
    tool: {
      ...{ namespace: 'default', name: tool, type: 'http', title: 'Pay', description: 'Pays somebody.' },
      ...{ annotations: { destructiveHint: true }, secureParameters: ['pin'], argumentTypes: {} },
      ...{ origin: 'declared', source: undefined, tags: [], scopesRequired: [] },
      ...{ inputSchema: { type: 'object' }, outputSchema: undefined },
    },
    ...{ door: 'rest', requestId: 'r-1', arguments: args },
    // As a client that opens no page.
    openPage: () => Promise.resolve(),
    peer: { address: '203.0.113.9', userAgent: 'tests' },
  };
}

export const originOf = ({ kind, iss, sub, name }: Principal) =>
  ({ door: 'console', actor: { kind, iss, sub, name } }) as const;
