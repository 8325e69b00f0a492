import { sha256Hex, type Result, type Secret } from '#kernel';
import {
  DEFAULT_NAMESPACE,
  type ActionTarget,
  type CredentialRefusal,
  type PeerFacts,
  type Principal,
  type TokenVerifier,
} from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { blankAgent, grantsOfNew, targetOf } from '../agents/agent-directory.ts';
import type { Author } from '../author.ts';
import { NOTHING_ELSE, type Also, type ChangeFrame } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { checkAgentName, checkLabel, checkNamespace, checkRoles, checkScopes, quote } from '../names.ts';
import type { Action, Target } from '../permissions/index.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { findAgent, insertAgent } from '../store/agents-store.ts';
import {
  findKey,
  findKeyPlace,
  insertKey,
  listKeys,
  listKeysOfAgent,
  replaceKey,
  revokeKey,
} from '../store/keys-store.ts';
import { isSelf } from '../users/user.ts';
import { keyState, type ApiKey } from './api-key.ts';
import { checkGrace, checkLifetime, checkLimits, USUAL_GRACE_MS, type KeyLimits } from './key-limits.ts';
import { newKeyText, type KeyText } from './key-text.ts';
import type { KeyVerifier } from './key-verifier.ts';
import { isNoWider, type KeyWidth } from './key-width.ts';

export interface KeyRequest extends KeyLimits {
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

export interface Rotation {
  /** How long the old key still counts, in milliseconds: a day when left out, at most 90. */
  readonly graceMs?: number | undefined;
  /** Of the new key; that of the old one when left out. */
  readonly lifetimeMs?: number | undefined;
}

export interface IssuedKey {
  readonly key: ApiKey;
  readonly agent: Agent;
  readonly agentIsNew: boolean;
  /** The key itself; it exists here and nowhere else. */
  readonly secret: Secret;
}

/** Makes, lists, rotates, revokes and verifies API keys. */
export class KeyAuthority implements TokenVerifier {
  readonly #frame: ChangeFrame;
  readonly #declared: DeclaredBindings;
  readonly #verifier: KeyVerifier;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly declared: DeclaredBindings;
    readonly verifier: KeyVerifier;
  }) {
    this.#frame = parts.frame;
    this.#declared = parts.declared;
    this.#verifier = parts.verifier;
  }

  /**
   * Makes a key, and its agent where there is none; durable when it returns. Whoever makes a key can act
   * as the agent, so it takes what giving the agent's roles would take. Who only answers for the agent
   * makes keys that are no wider than one it has.
   *
   * Throws `NAME_REFUSED`, `SCOPE_REFUSED`, `ROLE_UNKNOWN`, `KEY_LIFETIME_REFUSED`, `KEY_LIMIT_REFUSED`,
   * `AGENT_DISABLED`, `AGENT_DELETED`, `AGENT_ROLES_DIFFER`, and as `ChangeFrame.check` does.
   */
  async create(by: Author, request: KeyRequest): Promise<IssuedKey> {
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    const label = request.label ?? '';
    checkNamespace(namespace);
    checkAgentName(request.agent);
    checkLabel(label);
    const scopes = checkScopes(request.scopes ?? []);
    const roles = request.roles === undefined ? undefined : checkRoles(request.roles);
    const limits = checkLimits(request);
    const lifetimeMs = request.lifetimeMs === undefined ? null : checkLifetime(request.lifetimeMs);
    const now = this.#frame.clock.now();
    const text = newKeyText(now);
    const blank = blankAgent(request.agent, namespace, roles ?? ['user'], now);
    const change = changeOf('key.create', text.id, namespace, { agent: request.agent, access: [...limits.access] });
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const existing = await findAgent(trx, namespace, request.agent);
      const agent = existing ?? blank;
      const key: ApiKey = {
        id: text.id,
        agentId: agent.id,
        agent: agent.name,
        namespace,
        scopes,
        label,
        ...limits,
        createdAt: now,
        expiresAt: lifetimeMs === null ? null : now + lifetimeMs,
        revokedAt: null,
        lastUsedAt: null,
        replacedBy: null,
        cutOffAt: null,
      };
      await this.#checkMaking(trx, by, agent, existing, key);
      if (existing !== undefined) checkUsable(existing, roles);
      else await insertAgent(trx, agent);
      return { value: await issue(trx, key, text, agent, existing === undefined) };
    });
  }

  /**
   * Makes a key like this one, which counts until the grace has passed: long enough to bring the new one
   * to where the old one is. It lives as long as that was made for; made by who only answers for the
   * agent, it ends when that would have. A key is replaced once; whoever lost the new one makes another.
   *
   * Throws `KEY_UNKNOWN`, `KEY_NOT_ACTIVE`, `KEY_GRACE_REFUSED`, `KEY_LIFETIME_REFUSED`, and as
   * `ChangeFrame.check` does.
   */
  async rotate(by: Author, id: string, { graceMs = USUAL_GRACE_MS, lifetimeMs }: Rotation = {}): Promise<IssuedKey> {
    const grace = checkGrace(graceMs);
    const asked = lifetimeMs === undefined ? undefined : checkLifetime(lifetimeMs);
    const now = this.#frame.clock.now();
    const text = newKeyText(now);
    const change = changeOf('key.rotate', id, undefined, { replacement: text.id });
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const { key: old, agent, target } = await this.#permitted(trx, by, 'key.rotate', id);
      this.#checkAdministering(by, target, agent, old);
      if (old.replacedBy !== null || keyState(old, now) !== 'active') {
        throw identityError(
          'KEY_NOT_ACTIVE',
          `the key ${quote(id, 26)} is ${old.replacedBy === null ? keyState(old, now) : 'replaced'}`,
        );
      }
      const prolongs = this.#frame.may(by, 'key.rotate', { ...target, widens: true });
      const expiresAt = asked === undefined ? endOfLike(old, now, prolongs) : now + asked;
      const key: ApiKey = { ...old, id: text.id, createdAt: now, expiresAt, lastUsedAt: null };
      this.#frame.check(by, 'key.rotate', { ...target, widens: await isWidest(trx, agent, key, now) });
      const value = await issue(trx, key, text, agent, false);
      const graceEnds = Math.min(old.expiresAt ?? Infinity, now + grace);
      await replaceKey(trx, id, { id: key.id, expiresAt: graceEnds });
      return { value, ends: [{ what: 'key.replaced', id: old.id, holdsFrom: graceEnds }] };
    });
  }

  /** All keys, or those of one namespace, oldest first. */
  list(namespace?: string): Promise<readonly ApiKey[]> {
    return listKeys(this.#frame.database.db, namespace);
  }

  /** Where the key of that id is, and whether its agent is the caller's; undefined where there is none. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget | undefined> {
    const found = await findKeyPlace(this.#frame.database.db, id);
    if (found === undefined) return undefined;
    return { namespace: found.namespace, own: found.responsible !== null && isSelf(principal, found.responsible) };
  }

  /** The key, for who may see it; throws `KEY_UNKNOWN` for all others as for one that there is not. */
  async show(by: Author, id: string): Promise<ApiKey> {
    return (await this.#permitted(this.#frame.database.db, by, 'key.read', id)).key;
  }

  /**
   * Revokes a key for good and gives it as it now stands; revoking twice keeps the first moment.
   * Holds here when it returns, in other processes within a second. Throws `KEY_UNKNOWN`.
   */
  async revoke(by: Author, id: string, also: Also = NOTHING_ELSE): Promise<ApiKey> {
    return await this.#frame.inTransaction(by, changeOf('key.revoke', id), async (trx) => {
      const { key } = await this.#permitted(trx, by, 'key.revoke', id);
      const now = this.#frame.clock.now();
      await revokeKey(trx, id, now);
      await also(trx);
      return { value: { ...key, revokedAt: key.revokedAt ?? now }, ends: [{ what: 'key.revoked', id: key.id }] };
    });
  }

  /** Whether the key of that id counts now. */
  async goesOn(id: string): Promise<boolean> {
    const stored = await findKey(this.#frame.database.db, id);
    return stored !== undefined && keyState(stored.key, this.#frame.clock.now()) === 'active';
  }

  /** See `KeyVerifier.verify`. */
  verify(
    presented: string,
    peer?: PeerFacts,
  ): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>> {
    return this.#verifier.verify(presented, peer);
  }

  async #checkMaking(
    trx: DatabaseOrTransaction,
    by: Author,
    agent: Agent,
    existing: Agent | undefined,
    key: ApiKey,
  ): Promise<void> {
    const { namespace, name } = agent;
    const target = await targetOf(trx, this.#declared, by.principal, namespace, name, existing);
    const widens = await isWidest(trx, agent, key, this.#frame.clock.now());
    this.#frame.check(by, 'key.create', { ...target, widens });
    if (existing === undefined) {
      this.#frame.check(by, 'agent.create', { namespace, gives: grantsOfNew(agent, this.#declared) });
    }
    this.#checkAdministering(by, target, agent, key);
  }

  #checkAdministering(by: Author, target: Target, agent: Agent, { access }: ApiKey): void {
    if (!access.includes('admin')) return;
    this.#frame.check(by, 'key.create-admin', { ...target, gives: grantsOfNew(agent, this.#declared) });
  }

  async #permitted(
    db: DatabaseOrTransaction,
    by: Author,
    action: Action,
    id: string,
  ): Promise<{ readonly key: ApiKey; readonly agent: Agent; readonly target: Target }> {
    const missing = () => unknownKey(id);
    const stored = await findKey(db, id);
    const agent = stored && (await findAgent(db, stored.key.namespace, stored.key.agent));
    if (stored === undefined || agent === undefined) throw missing();
    const { namespace, name } = agent;
    const found = await targetOf(db, this.#declared, by.principal, namespace, name, agent);
    const target = { ...found, missing };
    this.#frame.check(by, action, target);
    return { key: stored.key, agent, target };
  }
}

const changeOf = (
  action: Action,
  id: string,
  namespace: string = '*',
  details: Readonly<Record<string, string | string[]>> = {},
) => ({
  class: 'credential' as const,
  type: action,
  action: action.slice('key.'.length),
  // A whole key given for its id must not end up in a record: 26 characters reach no secret.
  object: { kind: 'key', namespace, name: id.slice(0, 26), id: id.slice(0, 26) },
  details,
});

/** When a key like that one ends; not after it, unless it may be prolonged. */
function endOfLike({ createdAt, expiresAt }: ApiKey, now: number, prolongs: boolean): number | null {
  if (expiresAt === null) return null;
  const renewed = now + expiresAt - createdAt;
  return prolongs ? renewed : Math.min(renewed, expiresAt);
}

/** Whether no active key of the agent lets its bearer do as much. */
async function isWidest(db: DatabaseOrTransaction, agent: Agent, key: KeyWidth, now: number): Promise<boolean> {
  const keys = await listKeysOfAgent(db, agent.id);
  return !keys.some((other) => keyState(other, now) === 'active' && isNoWider(key, other));
}

async function issue(
  trx: DatabaseOrTransaction,
  key: ApiKey,
  text: KeyText & { readonly whole: Secret },
  agent: Agent,
  agentIsNew: boolean,
): Promise<IssuedKey> {
  await insertKey(trx, key, sha256Hex(text.secret));
  return { key, agent, agentIsNew, secret: text.whole };
}

/** A whole key given for its id must not end up in a message: 26 characters reach no secret. */
export const unknownKey = (id: string) => identityError('KEY_UNKNOWN', `there is no key ${quote(id, 26)}`);

/**
 * A key speaks for its agent with all of the agent's roles. Whoever asked for other ones would get
 * less than they meant, or, worse and in silence, more.
 */
function checkUsable(agent: Agent, roles: readonly string[] | undefined): void {
  const name = quote(agent.name);
  if (agent.deletedAt !== null) throw identityError('AGENT_DELETED', `the agent ${name} was deleted`);
  if (agent.disabledAt !== null) throw identityError('AGENT_DISABLED', `the agent ${name} is disabled`);
  if (roles === undefined) return;
  if (roles.length === agent.roles.length && roles.every((role) => (agent.roles as readonly string[]).includes(role)))
    return;
  throw identityError(
    'AGENT_ROLES_DIFFER',
    `the agent ${name} has the roles \`${agent.roles.join('`, `')}\`, not \`${roles.join('`, `')}\``,
  );
}
