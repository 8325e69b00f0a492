import type { Tool } from '#toolbox';
import type { CallRequest } from './call-request.ts';

/** What observers (metrics, traces, the log) learn of a call. */
export interface CallReport {
  readonly request: CallRequest;
  readonly tool: Tool | undefined;
  /** `ok`, or the code of the refusal or failure. */
  readonly outcome: string;
  readonly durationMs: number;
}

export interface CallObserver {
  called(report: CallReport): void;
}
