import { formatDuration } from '#kernel';
import { toolboxError } from '../errors.ts';
import type { QueryLimits } from './source.ts';

/** The end of one call's patience: its caller's signal and its timeout, in one signal. */
export interface CallDeadline {
  /** Its reason is what the call rejects with: the caller's, or `TOOL_TIMEOUT`. */
  readonly signal: AbortSignal;
  /** To be called when the call is over, so that neither timer nor listener outlives it. */
  clear(): void;
}

/** Starts the clock of a call. Throws the caller's reason when the caller has gone already. */
export function callDeadline(limits: Pick<QueryLimits, 'signal' | 'timeoutMs'>): CallDeadline {
  limits.signal.throwIfAborted();
  const over = new AbortController();
  const timer = setTimeout(
    () => over.abort(timeoutError(limits.timeoutMs)),
    // Longer than a timer can hold (24.8 days) is no limit worth setting.
    Math.min(limits.timeoutMs, 2 ** 31 - 1),
  );
  const leave = (): void => over.abort(limits.signal.reason);
  limits.signal.addEventListener('abort', leave, { once: true });
  return {
    signal: over.signal,
    clear: () => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', leave);
    },
  };
}

export function timeoutError(timeoutMs: number, cause?: unknown): Error {
  return toolboxError('TOOL_TIMEOUT', `the statement ran longer than ${formatDuration(timeoutMs)} and was cancelled`, {
    cause,
  });
}
