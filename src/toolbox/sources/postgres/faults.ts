/** PostgreSQL's errors in our catalogue. SQLSTATE decides (manual, appendix A); the words are the server's own. */
import { ChatelaineError } from '#kernel';
import { timeoutError } from '../call-deadline.ts';
import { networkReason } from '../network-reason.ts';
import { toolboxError } from '../../errors.ts';

interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly routine?: string;
}

/** `SOURCE_UNREACHABLE` for whatever kept a connection from being made. `target` is for people: `host:port`. */
export function unreachable(target: string, cause: unknown): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  const late = (cause as Error).message === 'timeout expired';
  const reason = late ? 'no answer in time' : networkReason(cause);
  return toolboxError('SOURCE_UNREACHABLE', `cannot use PostgreSQL at \`${target}\`: ${reason}`, { cause });
}

/** What a statement's failure is to the caller. `target` as above, `statementTimeout` as configured. */
export function statementFault(target: string, cause: unknown, statementTimeout: number | undefined): Error {
  if (cause instanceof ChatelaineError) return cause;
  const error = cause as ServerError;
  // Without SQLSTATE the server did not speak: the connection went.
  if (error.code === undefined || !/^[0-9A-Z]{5}$/.test(error.code)) return unreachable(target, cause);
  // Shutdown by the administrator, crash, not yet started; class 08 is the connection's own.
  if (/^57P0[1-4]$|^08(?!P01)/.test(error.code)) return unreachable(target, cause);
  if (error.code === '57014' && statementTimeout !== undefined && error.message.includes('statement timeout')) {
    return timeoutError(statementTimeout, cause);
  }
  const words = [
    error.message,
    ...(error.detail === undefined ? [] : [`detail: ${error.detail}`]),
    ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
  ].join('; ');
  const details = {
    sqlState: error.code,
    ...(error.position === undefined ? {} : { position: Number(error.position) }),
  };
  // 25006: read_only_sql_transaction.
  return toolboxError(error.code === '25006' ? 'READ_ONLY' : 'SQL_FAILED', words, { cause, details });
}

/**
 * What was prepared no longer fits: the `statement`, because a table changed under it, or the whole
 * `session`, because a pooler gave us another one. Nothing has run yet, so it may be sent anew.
 */
export function stalePreparation(cause: unknown): 'statement' | 'session' | undefined {
  const error = cause as ServerError;
  if (error.code === '0A000' && error.routine === 'RevalidateCachedQuery') return 'statement';
  return error.code === '26000' ? 'session' : undefined;
}
