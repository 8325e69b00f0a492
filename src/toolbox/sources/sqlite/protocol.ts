/** What the server and a child process say to each other, one request at a time. */
import type { SqlValue, Truncation } from '../source.ts';

/** What a child must know to open the database; it is the child's one argument, as JSON. */
export interface DatabaseLocation {
  /** Absolute, or `:memory:`. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
}

export interface ChildRequest {
  readonly text: string;
  readonly values: readonly SqlValue[];
  readonly readOnly: boolean;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Whether the child is to say, before it runs the statement, if it is bounded. */
  readonly judge: boolean;
}

/** A verdict where one was asked for, then the reply. */
export type ChildMessage = ChildReply | { readonly verdict: Verdict };

export type ChildReply = Answer | Failure;

export interface Answer {
  readonly ok: true;
  /** The rows as the JSON text of an array: cheaper to hand over than objects are. */
  readonly rows: string;
  readonly truncated?: Truncation | undefined;
  readonly affected?: number | undefined;
}

/** A bounded statement is so under one version of the schema: a dropped index makes a lookup a scan. */
export type Verdict = { readonly bounded: true; readonly schemaVersion: bigint } | { readonly bounded: false };

export interface Failure {
  readonly ok: false;
  readonly reason: 'unreachable' | 'read-only' | 'failed';
  readonly message: string;
}
