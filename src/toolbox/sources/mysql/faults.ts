/** MySQL's and MariaDB's errors in our catalogue. The number decides; the words are the server's own. */
import { ChatelaineError } from '#kernel';
import { networkReason } from '../network-reason.ts';
import { toolboxError } from '../../errors.ts';

interface ServerError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
}

/** ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION. */
const READ_ONLY_TRANSACTION = 1792;
/** ER_SERVER_SHUTDOWN, ER_NEW_ABORTING_CONNECTION, ER_CONNECTION_KILLED (MariaDB), CR_SERVER_LOST. */
const CONNECTION_GONE = new Set([1053, 1184, 1927, 2013]);

/** `SOURCE_UNREACHABLE` for whatever kept a connection from being made. `target` is for people: `host:port`. */
export function unreachable(target: string, cause: unknown): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  return toolboxError('SOURCE_UNREACHABLE', `cannot use MySQL at \`${target}\`: ${networkReason(cause)}`, { cause });
}

/** What a statement's failure is to the caller. */
export function statementFault(target: string, cause: unknown): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  const error = cause as ServerError;
  // Without an SQLSTATE the server did not speak: the connection went, or the driver refused.
  if (error.sqlState === undefined || CONNECTION_GONE.has(error.errno ?? 0)) return unreachable(target, cause);
  return toolboxError(
    error.errno === READ_ONLY_TRANSACTION ? 'READ_ONLY' : 'SQL_FAILED',
    error.sqlMessage ?? error.message,
    { cause, details: { sqlState: error.sqlState, errno: error.errno } },
  );
}
