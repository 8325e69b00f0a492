/** What the gateway asks of a call that policies have allowed, in this order: standing, limits, approval. */
import type { AuditEvent, CalledTool, CallingClient, ClientFace, Principal } from '#contract';
import type { ChatelaineError, JsonValue } from '#kernel';
import type { Decision } from '#policy';

/** A call whose arguments are checked: what is decided about is what runs. */
export interface JudgedCall {
  readonly principal: Principal;
  readonly tool: CalledTool;
  /** The toolsets and groups that the tool is in. */
  readonly toolsets: readonly string[];
  readonly door: 'mcp' | 'rest' | 'invoke';
  readonly requestId: string;
  readonly peer: Pick<AuditEvent, 'address' | 'userAgent'>;
  readonly arguments: Readonly<Record<string, JsonValue>>;
  readonly client: ClientFace;
  readonly signal: AbortSignal;
  /** Ends the call by asking the person at the client to open a page of ours. */
  openPage: CallingClient['openPage'];
}

/** Whether a tool runs at all, whoever calls it. Asked for every call: answers from memory. */
export interface ToolStandings {
  /** Why it does not; undefined where it does. */
  refusal(tool: CalledTool): ChatelaineError | undefined;
  /** Whether it is not there for that caller: a decoy is for nobody; a draft is its owner's, and publishers', until it is published. */
  isHidden(tool: CalledTool, principal: Principal): boolean;
  /** The digest of its definition. */
  pinOf(tool: CalledTool): string;
  /** Moves whenever some tool may stand differently; `onChange` tells of it, and gives what stops it. */
  readonly version: number;
  onChange(listener: () => void): () => void;
}

export interface CallLimits {
  /** Lets the call in, or throws `LIMIT_EXCEEDED`. A promise only where something has to be waited for. */
  enter(call: JudgedCall, decision: Decision): Admission | Promise<Admission>;
}

/** A call that was let in; `leave` is called once, however it ends. */
export interface Admission {
  /** What stands in `RateLimit-Policy` and `RateLimit`. Flat: name, value, name, value. */
  readonly headers: readonly string[];
  /** Whether what the answer holds counts: rows, bytes. */
  readonly charges: boolean;
  leave(spent: Spent): void;
}

/** What a call has used. */
export interface Spent {
  readonly rows: number;
  readonly bytes: number;
}

export interface CallApprovals {
  /**
   * Consumes a person's yes to exactly this call, where the decision asks for one. Throws `APPROVAL_REQUIRED`, or
   * asks the client, where there is none. A promise only where something has to be waited for.
   */
  claim(call: JudgedCall, decision: Decision, pin: string): void | Promise<void>;
}

/** What somebody stopped. Asked as the first step of every call, from memory. */
export interface CallContainment {
  /** Lets the call in, or throws `CONTAINED`. */
  enter(principal: Principal, namespace: string, tool: string): HeldCall;
}

/** A call that was let in, and may be stopped while it runs. */
export interface HeldCall {
  /** The one signal of the call: aborts with its caller's, which is given, and when the call is stopped. */
  signal(of: AbortSignal): AbortSignal;
  /** Why it was stopped; undefined while it goes on. */
  readonly stopped: ChatelaineError | undefined;
  /** Before the outcome goes on record as a success: throws `CALL_CONTAINED` where it was stopped. */
  settle(): void;
  /** Once, however it ends. */
  leave(): void;
}
