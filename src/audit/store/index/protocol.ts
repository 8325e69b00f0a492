import type { AuditFilter, CursorPlace } from '../query.ts';

/** What the index worker is asked. */
export interface IndexRequest {
  readonly id: number;
  /** Where this process's own chain is durable; nothing beyond is read of it. */
  readonly ours: readonly { readonly writer: string; readonly segment: number; readonly bytes: number }[];
  /** Absent: only catch up with the segments. */
  readonly query?: { readonly filter: AuditFilter; readonly limit: number; readonly after?: CursorPlace };
}

/** What it answers: canonical texts, newest first, with one more than was asked for when there is more. */
export type IndexReply =
  | { readonly id: number; readonly ok: true; readonly records: readonly string[] }
  | { readonly id: number; readonly ok: false; readonly message: string };
