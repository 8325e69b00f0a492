import { actorOf, type AuditOrigin, type Principal } from '#contract';
import { formatDuration, newId, Secret, type JsonObject, type JsonValue } from '#kernel';
import type { Obligations } from '#policy';
import { namespaceScope } from '#vault';
import {
  argumentsPlace,
  closeApproval,
  consumeGrant,
  countPending,
  findBound,
  insertApproval,
} from '../store/approvals-store.ts';
import { stateAt, type Approval } from './approval.ts';
import { askerOf, bindingOf } from './binding.ts';
import { approvalError } from './errors.ts';
import { stillGranted } from './granted.ts';
import { describeNeed } from './needs.ts';
import type { CallApprovals, JudgedCall } from '../steps.ts';
import { approvalEvent, type ApprovalsParts } from './parts.ts';

/** As much of a call as approvals look at. */
export type ClaimingCall = Pick<JudgedCall, 'principal' | 'tool' | 'door' | 'requestId' | 'arguments' | 'openPage'> & {
  readonly peer: JudgedCall['peer'] & { readonly certificateSerial?: string | undefined };
};

/** As much of a decision as approvals go by. */
export interface ClaimedDecision {
  readonly obligations: Pick<Obligations, 'approvals'>;
}

/** What is sealed of a call until it is decided. */
export interface SealedCall {
  readonly arguments: JsonObject;
  readonly caller: string;
}

/**
 * The step of a call at which a policy wants the yes of people. A grant for exactly this call is used up and lets
 * it through; otherwise the call ends with the id of a request that people can answer. Nothing waits meanwhile.
 */
export class ApprovalClaims implements CallApprovals {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  /**
   * Resolves where the call may go on. Throws `APPROVAL_REQUIRED`, `APPROVAL_REFUSED`, `APPROVALS_EXHAUSTED`, and
   * what `JudgedCall.openPage` ends the call with.
   */
  claim(call: ClaimingCall, { obligations: { approvals } }: ClaimedDecision, pin: string): Promise<void> | undefined {
    if (approvals.length === 0) return undefined;
    // A grant is for one caller: of those whom nobody knows, another would make the call.
    if (call.principal.kind === 'anonymous')
      throw approvalError(
        'APPROVAL_REFUSED',
        `the call of \`${call.tool.name}\` needs a yes, and nobody is known to make it`,
      );
    return this.#claim(call, approvals.toSorted(), pin);
  }

  async #claim(call: ClaimingCall, needs: readonly string[], pin: string): Promise<void> {
    const { frame, bindingKey } = this.#parts;
    const { namespace, name } = call.tool;
    const asker = askerOf(call.principal);
    const bound = { asker, namespace, tool: name, pin, arguments: call.arguments, needs };
    const binding = bindingOf(bound, await bindingKey());
    const known = await findBound(frame.database.db, binding);
    const now = frame.clock.now();
    if (known !== undefined && stateAt(known, now) === 'approved' && (await this.#use(known, call))) return;
    if (known?.state === 'refused' && known.expiresAt > now) throw refusedBefore(known);
    const waiting = await this.#ask(call, { binding, pin, needs });
    // Granted between the two looks at it.
    if (stateAt(waiting, now) === 'approved' && (await this.#use(waiting, call))) return;
    const url = this.#parts.pageUrl(waiting.id);
    if (url !== undefined) {
      const message = `The call of \`${name}\` needs the yes of a person. The page shows what is to be done.`;
      await call.openPage({ id: waiting.id, url, message });
    }
    throw required(waiting, url, now);
  }

  /** Whether the grant was there for this call, and is used up by it. */
  async #use(grant: Approval, call: ClaimingCall): Promise<boolean> {
    const { frame, counted } = this.#parts;
    const { db } = frame.database;
    const now = frame.clock.now();
    if (!(await stillGranted(grant, this.#parts))) {
      const reason = 'whoever approved it may no longer';
      if (await closeApproval(db, grant.id, { state: 'expired', reason, now })) {
        counted?.('expired');
        const event = approvalEvent(grant, { type: 'approval.expired', action: 'expire' });
        const details = { ...event.details, reason };
        await frame.trail.append({ class: 'authorization', ...originOf(call), ...event, details, outcome: 'success' });
      }
      return false;
    }
    if (!(await consumeGrant(db, grant.id, now))) return false;
    counted?.('consumed');
    // Spent before it is on record: a record that fails costs the grant, and never lets two calls through.
    const event = approvalEvent(grant, { type: 'approval.consumed', action: 'consume' });
    await frame.trail.append({ class: 'authorization', ...originOf(call), ...event, outcome: 'success' });
    return true;
  }

  /** The request that waits for this call: one there is, or a new one. */
  async #ask(
    call: ClaimingCall,
    { binding, pin, needs }: { readonly binding: string; readonly pin: string; readonly needs: readonly string[] },
  ): Promise<Approval> {
    const { frame, settings, counted, asked } = this.#parts;
    const joined = await this.#alive(binding);
    if (joined !== undefined) {
      counted?.('joined');
      return joined;
    }
    const { tool, principal } = call;
    const { title, description, type, annotations } = tool;
    const now = frame.clock.now();
    const agent = principal.kind === 'agent' ? principal.name : undefined;
    const made: Approval = {
      ...{ id: newId(now), namespace: tool.namespace, tool: tool.name },
      shown: { title, description, type, annotations, agent },
      ...{ pin, binding, needs, asker: askerOf(principal), responsible: await this.#responsibleFor(principal) },
      argumentsDigest: frame.trail.digest(call.arguments),
      ...{ sealed: null, state: 'pending', reason: null, createdAt: now, expiresAt: now + settings.pendingFor },
      ...{ closedAt: null, answers: [] },
    };
    const event = approvalEvent(made, { type: 'approval.requested', action: 'request' });
    const record = { class: 'authorization', ...originOf(call), ...event } as const;
    await frame.trail.append({ ...record, outcome: 'intent' });
    const { approval, isNew } = await this.#keep(made, call);
    if (isNew) {
      await frame.trail.append({ ...record, outcome: 'success' });
      asked?.();
    }
    counted?.(isNew ? 'requested' : 'joined');
    return approval;
  }

  async #keep(made: Approval, call: ClaimingCall): Promise<{ readonly approval: Approval; readonly isNew: boolean }> {
    const { envelope, settings } = this.#parts;
    const sealable: SealedCall = {
      arguments: withoutSecure(call.arguments, call.tool.secureParameters),
      caller: call.principal.name,
    };
    return await envelope.writing(namespaceScope(made.namespace), async (trx, sealing) => {
      const found = await findBound(trx, made.binding);
      if (found !== undefined && found.closedAt === null) {
        if (stateAt(found, made.createdAt) !== 'expired') return { approval: found, isNew: false };
        // Over, and nobody has written that down.
        const reason = found.state === 'approved' ? 'not used in time' : null;
        await closeApproval(trx, found.id, { state: 'expired', reason, now: made.createdAt });
      }
      if ((await countPending(trx, made.asker, made.createdAt)) >= settings.mostPending)
        throw approvalError(
          'APPROVALS_EXHAUSTED',
          `${settings.mostPending} calls of \`${call.principal.name}\` wait for the yes of people, and more may not`,
          { details: { retryAfterSeconds: Math.ceil(settings.pendingFor / 1000) } },
        );
      const { text, keyId } = await sealing.seal(argumentsPlace(made), new Secret(JSON.stringify(sealable)));
      const notifyAt = settings.webhook === undefined ? null : made.createdAt;
      await insertApproval(trx, { ...made, sealed: text, keyId, notifyAt });
      return { approval: { ...made, sealed: text }, isNew: true };
    });
  }

  async #alive(binding: string): Promise<Approval | undefined> {
    const { database, clock } = this.#parts.frame;
    const found = await findBound(database.db, binding);
    return found !== undefined && stateAt(found, clock.now()) === 'pending' ? found : undefined;
  }

  async #responsibleFor({ kind, iss, sub }: Principal): Promise<string | null> {
    if (kind !== 'agent' || iss !== 'chatelaine') return null;
    return (await this.#parts.agents.ofAgent(sub))?.agent.responsibleUser ?? null;
  }
}

const SECURE = '(given through the secure channel, and not shown)';

/** What came through the secure channel is for the tool alone; a yes is bound to it and nobody reads it. */
const withoutSecure = (args: Readonly<Record<string, JsonValue>>, secure: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, secure.includes(name) ? SECURE : value]));

function required({ id, needs, answers, expiresAt, tool }: Approval, url: URL | undefined, now: number): Error {
  const whose = needs.map(describeNeed).join(', and ');
  const where = url === undefined ? '' : ` at ${url.href}`;
  const given = answers.length === 0 ? '' : ` (${answers.length} given)`;
  const left = formatDuration(Math.max(1000, Math.ceil((expiresAt - now) / 1000) * 1000));
  return approvalError(
    'APPROVAL_REQUIRED',
    `the call of \`${tool}\` needs a yes from ${whose}${given}: approval \`${id}\`${where}, for ${left}. Make exactly the same call again once it is given`,
    {
      details: {
        approval: { id, expiresAt: new Date(expiresAt).toISOString(), ...(url !== undefined && { url: url.href }) },
      },
    },
  );
}

const refusedBefore = ({ id, reason, tool }: Approval): Error =>
  approvalError(
    'APPROVAL_REFUSED',
    `the call of \`${tool}\` was refused (approval \`${id}\`)${reason === null ? '' : `: ${reason}`}`,
    { details: { approval: { id } } },
  );

/** Who claims, as it goes on record. */
function originOf({ principal, door, requestId, peer }: ClaimingCall): AuditOrigin {
  const { address, userAgent, certificateSerial } = peer;
  return {
    ...{ door: door === 'invoke' ? 'cli' : door, actor: actorOf(principal), requestId },
    ...(principal.act !== undefined && { delegation: principal.act }),
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && userAgent !== '' && { userAgent }),
    ...(certificateSerial !== undefined && { certificateSerial }),
  };
}
