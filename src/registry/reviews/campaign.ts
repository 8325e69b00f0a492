/** A campaign in which people decide about access, and its lines. */

/** What is held, by what it would be taken away with. */
export type HeldKind =
  | 'binding'
  | 'agent-role'
  | 'declared-role'
  | 'membership'
  | 'claim-group'
  | 'key'
  | 'credential'
  | 'policy';

/** Something that somebody holds. */
export interface Held {
  readonly holder: {
    readonly kind: 'user' | 'agent';
    readonly id: string;
    /** Of an agent; of a person nothing. */
    readonly name: string;
  };
  readonly kind: HeldKind;
  /** Where it is; `EVERYWHERE` for what is in no namespace. */
  readonly namespace: string;
  /** With the rest, names it. */
  readonly target: string;
  readonly what: string;
  /** Where it must be taken away; absent for what can be here. */
  readonly elsewhere?: string | undefined;
}

export const LINE_STATES = ['undecided', 'kept', 'revoked', 'outstanding', 'gone'] as const;
/** `outstanding`: it was decided to take it away, and that is to be done elsewhere. */
export type LineState = (typeof LINE_STATES)[number];

export interface Line extends Held {
  readonly review: string;
  /** From 1 on. */
  readonly line: number;
  readonly state: LineState;
  readonly reason: string | null;
  /** The id of a user, or `BY_DUE_TIME`. */
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
}

/** Who decided where nobody had until the due time. */
export const BY_DUE_TIME = 'due';

export interface Campaign {
  readonly id: string;
  /** Whose access it is about; `EVERYWHERE` for all. */
  readonly namespace: string;
  readonly title: string;
  /** What becomes of lines that nobody has decided by then. */
  readonly onDue: 'report' | 'revoke';
  readonly dueAt: number;
  readonly dueDoneAt: number | null;
  /** As whom things are taken away. */
  readonly openedBy: { readonly kind: 'user' | 'agent' | 'operator'; readonly id: string };
  readonly openedAt: number;
  readonly closedBy: string | null;
  readonly closedAt: number | null;
  /** Ids of users. */
  readonly reviewers: readonly string[];
}

export type Counts = Readonly<Record<LineState, number>>;

const DAY_MS = 86_400_000;
export const LONGEST_MS = 366 * DAY_MS;
export const MOST_REVIEWERS = 50;
/** Of a campaign: more than people decide about, and each is a row of one transaction. */
export const MOST_LINES = 20_000;
