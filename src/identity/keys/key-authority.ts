import { newId, sha256Hex, type ChatelaineError, type Clock, type Result, type Secret } from '#kernel';
import { DEFAULT_NAMESPACE, type CredentialRefusal, type Principal, type Role, type TokenVerifier } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import type { IdentityChanges } from '../changes.ts';
import { identityError } from '../errors.ts';
import { checkAgentName, checkLabel, checkNamespace, checkRoles, checkScopes, quote } from '../names.ts';
import { findAgent, insertAgent } from '../store/agents-store.ts';
import { findKey, insertKey, listKeys, revokeKey } from '../store/keys-store.ts';
import type { ApiKey } from './api-key.ts';
import { newKeyText } from './key-text.ts';
import type { KeyVerifier } from './key-verifier.ts';

const SHORTEST_LIFE_MS = 1000;
const LONGEST_LIFE_MS = 100 * 365 * 86_400_000;

export interface KeyRequest {
  /** Made, as a service, where the namespace has no agent of that name. */
  readonly agent: string;
  readonly namespace?: string | undefined;
  /** Of a new agent, by default `user`; an existing one must have exactly these. */
  readonly roles?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Milliseconds from now; no end when left out. */
  readonly lifetimeMs?: number | undefined;
  readonly label?: string | undefined;
}

export interface IssuedKey {
  readonly key: ApiKey;
  readonly agent: Agent;
  readonly agentIsNew: boolean;
  /** The key itself; it exists here and nowhere else. */
  readonly secret: Secret;
}

/** Makes, lists, revokes and verifies API keys. */
export class KeyAuthority implements TokenVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #changes: IdentityChanges;
  readonly #verifier: KeyVerifier;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly changes: IdentityChanges;
    readonly verifier: KeyVerifier;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#changes = parts.changes;
    this.#verifier = parts.verifier;
  }

  /**
   * Makes a key, and its agent where there is none; durable when it returns.
   *
   * Throws `NAME_REFUSED`, `SCOPE_REFUSED`, `ROLE_UNKNOWN`, `KEY_LIFETIME_REFUSED`, `AGENT_DISABLED`,
   * `AGENT_ROLES_DIFFER`.
   */
  async create(request: KeyRequest): Promise<IssuedKey> {
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    const label = request.label ?? '';
    checkNamespace(namespace);
    checkAgentName(request.agent);
    checkLabel(label);
    const scopes = checkScopes(request.scopes ?? []);
    const roles = request.roles === undefined ? undefined : checkRoles(request.roles);
    const now = this.#clock.now();
    const expiresAt = request.lifetimeMs === undefined ? null : now + checkLifetime(request.lifetimeMs);
    const text = newKeyText(now);
    return await this.#database.transaction(async (trx) => {
      const existing = await findAgent(trx, namespace, request.agent);
      if (existing !== undefined) checkUsable(existing, roles);
      const agent = existing ?? (await this.#addAgent(trx, request.agent, namespace, roles ?? ['user']));
      const key: ApiKey = {
        id: text.id,
        agentId: agent.id,
        agent: agent.name,
        namespace,
        scopes,
        label,
        createdAt: now,
        expiresAt,
        revokedAt: null,
        lastUsedAt: null,
        agentDisabledAt: null,
      };
      await insertKey(trx, key, sha256Hex(text.secret));
      return { key, agent, agentIsNew: existing === undefined, secret: text.whole };
    });
  }

  /** All keys, or those of one namespace, oldest first. */
  list(namespace?: string): Promise<readonly ApiKey[]> {
    return listKeys(this.#database.db, namespace);
  }

  /** The key of that id, whatever its state; throws `KEY_UNKNOWN`. */
  async find(id: string): Promise<ApiKey> {
    const stored = await findKey(this.#database.db, id);
    if (stored === undefined) throw unknownKey(id);
    return stored.key;
  }

  /**
   * Revokes a key for good and gives it as it now stands; revoking twice keeps the first moment.
   * Holds here when it returns, in other processes within a second. Throws `KEY_UNKNOWN`.
   */
  revoke(id: string): Promise<ApiKey> {
    return this.#changes.after(
      this.#database.transaction(async (trx) => {
        await revokeKey(trx, id, this.#clock.now());
        const stored = await findKey(trx, id);
        if (stored === undefined) throw unknownKey(id);
        return stored.key;
      }),
    );
  }

  /** See `KeyVerifier.verify`. */
  verify(presented: string): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>> {
    return this.#verifier.verify(presented);
  }

  async #addAgent(db: DatabaseOrTransaction, name: string, namespace: string, roles: readonly Role[]): Promise<Agent> {
    const now = this.#clock.now();
    const agent: Agent = {
      id: newId(now),
      namespace,
      name,
      type: 'service',
      responsibleUser: null,
      description: '',
      roles,
      disabledAt: null,
      createdAt: now,
    };
    await insertAgent(db, agent);
    return agent;
  }
}

// A whole key given for its id must not end up in a message: 26 characters reach no secret.
export const unknownKey = (id: string): ChatelaineError =>
  identityError('KEY_UNKNOWN', `there is no key ${quote(id, 26)}`);

function checkLifetime(ms: number): number {
  if (ms >= SHORTEST_LIFE_MS && ms <= LONGEST_LIFE_MS) return Math.round(ms);
  throw identityError('KEY_LIFETIME_REFUSED', `a key cannot live for ${ms} ms`);
}

/**
 * A key speaks for its agent with all of the agent's roles. Whoever asked for other ones would get
 * less than they meant, or, worse and in silence, more.
 */
function checkUsable(agent: Agent, roles: readonly Role[] | undefined): void {
  if (agent.disabledAt !== null) throw identityError('AGENT_DISABLED', `the agent \`${agent.name}\` is disabled`);
  if (roles === undefined) return;
  if (roles.length === agent.roles.length && roles.every((role) => agent.roles.includes(role))) return;
  throw identityError(
    'AGENT_ROLES_DIFFER',
    `the agent \`${agent.name}\` has the roles \`${agent.roles.join('`, `')}\`, not \`${roles.join('`, `')}\``,
  );
}
