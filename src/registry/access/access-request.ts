export type AccessState = 'pending' | 'approved' | 'rejected' | 'cancelled';

/** Somebody's wish to use a tool, with the reason they give and what became of it. */
export interface AccessRequest {
  readonly id: string;
  readonly namespace: string;
  readonly tool: string;
  /** Who is to have access. */
  readonly subject: {
    readonly kind: 'user' | 'agent';
    readonly id: string;
    /** Of an agent; of a person nothing. */
    readonly name: string;
  };
  /** The id of the user or agent who asked. */
  readonly requestedBy: string;
  /** The policy that they had in mind. */
  readonly policy: string | null;
  readonly justification: string;
  readonly state: AccessState;
  readonly reviewedBy: string | null;
  readonly notes: string | null;
  /** The policy that the approval made. */
  readonly createdPolicy: string | null;
  readonly accessEndsAt: number | null;
  readonly createdAt: number;
  readonly decidedAt: number | null;
}

const DAY_MS = 86_400_000;
/** A wish that nobody has looked at for so long is one that nobody has any more. */
export const PENDING_MS = 30 * DAY_MS;
/** Access that a reviewer gives without naming its end. */
export const USUAL_ACCESS_MS = 30 * DAY_MS;
export const LONGEST_ACCESS_MS = 365 * DAY_MS;
/** Undecided requests of one requester: each is somebody's work. */
export const MOST_PENDING = 20;

/** What has become of it by now. */
export const accessState = ({ state, createdAt }: AccessRequest, now: number): AccessState | 'expired' =>
  state === 'pending' && createdAt + PENDING_MS <= now ? 'expired' : state;
