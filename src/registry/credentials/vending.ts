import { recordedChange } from '#audit';
import type { AuditTrail, CalledTool, Confirmation, Presentation, Principal } from '#contract';
import type { Database } from '#db';
import type { Author } from '#identity';
import { newId, Secret, sha256Hex, type ChatelaineError, type Clock } from '#kernel';
import type { Decision } from '#policy';
import { countCredentials, findCredential, insertCredential, pruneCredentials } from '../store/credentials-store.ts';
import { unknownTool } from '../access/errors.ts';
import { boundTo, type Bind } from './binding.ts';
import { credentialState, MOST_HELD, throughOf, toolId, type Credential } from './credential.ts';
import { CREDENTIAL_TYPE, claimsOf } from './credential-token.ts';
import { credentialError } from './errors.ts';
import { grantFor, type Ungranted, type Wish } from './grant.ts';
import type { Possession, TokenSigner, VendableTools, VendJudge } from './ports.ts';

export interface VendRequest extends Wish {
  readonly namespace: string;
  readonly name: string;
  readonly bind: Bind | undefined;
  /** How the request came, with what it shows of keys. */
  readonly presented: Presentation | undefined;
}

export interface Vended {
  readonly credential: Credential;
  /** It exists here and nowhere else. */
  readonly token: Secret;
  readonly resource: string;
}

/** What ended is kept for so long, for whoever asks afterwards where a token came from. */
const KEPT_MS = 30 * 86_400_000;
const PRUNE_EVERY = 256;

/**
 * Vending: who may have it by policy is given a short-lived credential for one tool, no wider than what they came
 * with. There is no way around the policy, for nobody: without one that permits `vend` nothing is given.
 */
export class Vending {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #trail: AuditTrail;
  readonly #signer: TokenSigner;
  readonly #tools: VendableTools;
  readonly #judge: VendJudge;
  readonly #possession: Possession;
  #vended = 0;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly signer: TokenSigner;
    readonly tools: VendableTools;
    readonly judge: VendJudge;
    readonly possession: Possession;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#trail = parts.trail;
    this.#signer = parts.signer;
    this.#tools = parts.tools;
    this.#judge = parts.judge;
    this.#possession = parts.possession;
  }

  /**
   * Vends; on record whatever the end, and durable when it returns. Throws `ACCESS_TOOL_UNKNOWN`,
   * `CREDENTIAL_HOLDER_REFUSED`, `CREDENTIAL_REFUSED`, `CREDENTIAL_NEEDS_APPROVAL`, `CREDENTIAL_SCOPES_EMPTY`,
   * `CREDENTIAL_WIDER`, `CREDENTIAL_BINDING_REFUSED`, `CREDENTIAL_LIMIT`.
   */
  async vend(by: Author, request: VendRequest): Promise<Vended> {
    const { principal } = by;
    const tool = this.#toolFor(principal, request);
    if (tool === undefined) throw unknownTool(request.namespace, request.name);
    const holder = holderOf(principal);
    const parent = await this.#parentOf(principal);
    const through = parent?.through ?? throughOf(principal);
    if (holder === undefined || through === undefined) {
      throw credentialError('CREDENTIAL_HOLDER_REFUSED', `\`${principal.name}\` came in a way that nothing ends`);
    }
    const decision = await this.#decide(by, tool);
    const now = this.#clock.now();
    const asked = {
      obligations: decision.obligations,
      parent: parent && { scopes: new Set(parent.scopes), expiresAt: parent.expiresAt },
      now,
    };
    const granted = grantFor(request, principal, tool, asked);
    if (!granted.ok) throw await this.#refused(by, tool, decision, ungranted(granted.error, tool));
    const cnf = await boundTo(principal, request, this.#possession);
    const unsigned = {
      ...{ id: newId(now), namespace: tool.namespace, tool: tool.name, holder, cnf, through },
      ...granted.value,
      // A token counts whole seconds, and lives no longer than it may.
      expiresAt: Math.floor(granted.value.expiresAt / 1000) * 1000,
      parent: parent?.id,
      ...{ policies: decision.determining, policyVersion: decision.version, issuedAt: now, revokedAt: null },
    };
    const change = {
      ...{ class: 'credential' as const, type: 'credential.vended', action: 'vend' },
      object: { kind: 'tool', namespace: tool.namespace, name: tool.name },
      details: detailsOf(unsigned, decision),
    };
    return await recordedChange(this.#trail, by.origin, change, async () => {
      const text = await this.#signer.sign(claimsOf(unsigned, this.#signer, principal), CREDENTIAL_TYPE);
      const credential: Credential = { ...unsigned, digest: sha256Hex(text) };
      await this.#keep(credential, parent);
      return { value: { credential, token: new Secret(text), resource: this.#signer.audienceOf(credential) } };
    });
  }

  /** A tool of the caller's own namespace, and one that their credential is for; no other can be told of. */
  #toolFor({ namespace, allowedTools }: Principal, asked: VendRequest): CalledTool | undefined {
    if (namespace !== asked.namespace || allowedTools?.has(asked.name) === false) return undefined;
    return this.#tools.find(asked.namespace, asked.name);
  }

  /** The credential that the caller came with, where it is one. */
  async #parentOf({ via }: Principal): Promise<Credential | undefined> {
    if (via.method !== 'token' || via.jti === undefined) return undefined;
    return await findCredential(this.#database.db, via.jti);
  }

  /** The permit; throws, and puts on record, every other decision. */
  async #decide(by: Author, tool: CalledTool): Promise<Decision> {
    const peer = { address: by.origin.address };
    const decision = await this.#judge.decide(by.principal, tool, peer);
    const about = `\`${toolId({ namespace: tool.namespace, tool: tool.name })}\``;
    if (!decision.allowed) {
      const isSeen = await this.#judge.sees(by.principal, tool, peer);
      const refusal = isSeen
        ? credentialError('CREDENTIAL_REFUSED', `no policy permits \`${by.principal.name}\` a credential for ${about}`)
        : unknownTool(tool.namespace, tool.name);
      throw await this.#refused(by, tool, decision, refusal);
    }
    // Nobody waits here for a person: what asks for one is an access request.
    if (decision.obligations.approvals.length > 0) {
      const refusal = credentialError('CREDENTIAL_NEEDS_APPROVAL', `a credential for ${about} takes an approval`);
      throw await this.#refused(by, tool, decision, refusal);
    }
    return decision;
  }

  async #refused(by: Author, tool: CalledTool, decision: Decision, refusal: ChatelaineError): Promise<ChatelaineError> {
    await this.#trail.append({
      ...by.origin,
      ...{ class: 'authorization', type: 'credential.refused', action: 'vend' },
      object: { kind: 'tool', namespace: tool.namespace, name: tool.name },
      ...{ decision: 'forbid', outcome: 'denied', error: refusal.code },
      policy: { version: decision.version, ids: decision.determining.slice(0, 16) },
      details: { because: decision.because },
    });
    return refusal;
  }

  async #keep(credential: Credential, parent: Credential | undefined): Promise<void> {
    const now = this.#clock.now();
    if (++this.#vended % PRUNE_EVERY === 0) await pruneCredentials(this.#database.db, now - KEPT_MS);
    await this.#database.transaction(async (trx) => {
      // It may have been taken back since it was looked at, and then it takes its children along no more.
      const current = parent && (await findCredential(trx, parent.id));
      if (parent !== undefined && (current === undefined || credentialState(current, now) !== 'active')) {
        throw credentialError('CREDENTIAL_HOLDER_REFUSED', 'the credential that was presented has ended');
      }
      if ((await countCredentials(trx, credential.holder.id, now)) >= MOST_HELD) {
        throw credentialError('CREDENTIAL_LIMIT', `there are ${MOST_HELD} credentials of this holder that count`);
      }
      await insertCredential(trx, credential);
    });
  }
}

/** Whom we know ourselves, and who acts for nobody else: an actor behind them would be forgotten. */
function holderOf({ kind, iss, sub, name, act }: Principal): Credential['holder'] | undefined {
  if (kind === 'anonymous' || iss !== 'chatelaine' || act !== undefined) return undefined;
  return { kind, id: sub, name: kind === 'agent' ? name : '' };
}

const ungranted = (why: Ungranted, { name }: CalledTool): ChatelaineError =>
  why === 'wider'
    ? credentialError('CREDENTIAL_WIDER', `the credential for \`${name}\` that was presented has not so much`)
    : credentialError('CREDENTIAL_SCOPES_EMPTY', `neither \`read\` nor \`execute\` of \`${name}\` can be given`);

function detailsOf(
  credential: Pick<Credential, 'id' | 'scopes' | 'expiresAt' | 'parent' | 'through'> & {
    readonly cnf: Confirmation | undefined;
  },
  { determining, version }: Decision,
): Readonly<Record<string, string | string[]>> {
  return {
    credential: credential.id,
    scopes: [...credential.scopes],
    expiresAt: new Date(credential.expiresAt).toISOString(),
    through: credential.through.kind,
    ...(credential.parent !== undefined && { parent: credential.parent }),
    ...(credential.cnf !== undefined && { boundTo: Object.keys(credential.cnf) }),
    policies: [...determining].slice(0, 16),
    policyVersion: version,
  };
}
