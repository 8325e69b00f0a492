import type { Principal, ToolAnnotations } from '#contract';

/**
 * A call that people are asked about.
 *
 *   pending ──every need met──▶ approved ──the identical call──▶ consumed
 *      │                           │
 *      └──▶ refused · expired · cancelled ◀──┘
 */
export type ApprovalState = 'pending' | 'approved' | 'consumed' | 'refused' | 'expired' | 'cancelled';

/** How a tool called itself when the call was made. */
export interface ShownTool {
  readonly title?: string | undefined;
  readonly description: string;
  readonly type: string;
  readonly annotations: ToolAnnotations;
  /** The name of the agent that called; that of a person is sealed with the arguments. */
  readonly agent?: string | undefined;
}

/** Who made the call: those of whom a grant is good for no other. */
export interface Asker {
  readonly kind: Principal['kind'];
  readonly iss: string;
  readonly sub: string;
  readonly client: string | null;
  /** Who acts for them, nearest first (RFC 8693 §4.1). */
  readonly act: readonly { readonly iss: string; readonly sub: string }[];
}

/** What one approver said. */
export interface Answer {
  /** The id of a user, or `webhook:name`. */
  readonly decider: string;
  readonly verdict: 'approve' | 'refuse';
  /** Which of the needs they could fill when they said it. */
  readonly fills: readonly string[];
  readonly decidedAt: number;
}

export interface Approval {
  readonly id: string;
  readonly namespace: string;
  readonly tool: string;
  readonly shown: ShownTool;
  readonly pin: string;
  readonly binding: string;
  readonly argumentsDigest: string;
  readonly asker: Asker;
  /** The user who answers for the agent that called. */
  readonly responsible: string | null;
  /** Whose yes is needed, each by another person: as `Obligations.approvals` of #policy. */
  readonly needs: readonly string[];
  readonly sealed: string | null;
  readonly state: ApprovalState;
  readonly reason: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly closedAt: number | null;
  readonly answers: readonly Answer[];
}

/** What it is at `now`: time ends it whether anybody has written that down yet or not. */
export const stateAt = ({ state, expiresAt }: Pick<Approval, 'state' | 'expiresAt'>, now: number): ApprovalState =>
  (state === 'pending' || state === 'approved') && expiresAt <= now ? 'expired' : state;

/** Whether that principal made the call. A program that acts for a person is that person's. */
export const isAskedBy = ({ asker }: Pick<Approval, 'asker'>, { iss, sub }: Pick<Principal, 'iss' | 'sub'>): boolean =>
  asker.iss === iss && asker.sub === sub;
