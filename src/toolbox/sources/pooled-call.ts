/**
 * One call on a connection of a pool, to the end that any call can have: answered, failed, timed out,
 * or left by its caller. The driver's part is behind `SqlConnection`; that no connection is lost and
 * none comes back dirty is decided here, once.
 */
import type { CallDeadline } from './call-deadline.ts';
import type { ConnectionPool, PooledConnection } from './connection-pool.ts';

export interface SqlConnection extends PooledConnection {
  /**
   * Makes the session fit for the next caller, whatever became of the last statement. `traces`: the
   * statement may have left something in the session (a setting, a lock, a temporary table).
   * Does not throw: a connection that cannot be made fit is destroyed.
   */
  settle(traces: boolean): Promise<void>;
  /** Stops what runs, in the server too, and gives the connection up. Does not throw. */
  cancel(): Promise<void>;
}

export interface PooledCall<Connection extends SqlConnection, Answer> {
  readonly pool: ConnectionPool<Connection>;
  readonly deadline: CallDeadline;
  readonly run: (connection: Connection) => Promise<Answer>;
  /** Asked with the answer, or with nothing when there was none. */
  readonly mayLeaveTraces: (answer: Answer | undefined) => boolean;
  /** The driver's error in our catalogue. */
  readonly translate: (error: unknown) => unknown;
}

/** Rejects with the deadline's reason as soon as it passes, without waiting for the server to notice. */
export async function pooledCall<Connection extends SqlConnection, Answer>(
  call: PooledCall<Connection, Answer>,
): Promise<Answer> {
  const { signal } = call.deadline;
  const connection = await call.pool.acquire(signal);
  const over = Promise.withResolvers<never>();
  const giveUp = (): void => over.reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  let answer: Answer | undefined;
  try {
    answer = await Promise.race([call.run(connection), over.promise]);
    return answer;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw call.translate(error);
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Not awaited: the caller has its answer, and the next one gets the connection when it is fit.
    void giveBack(call, connection, answer);
  }
}

async function giveBack<Connection extends SqlConnection, Answer>(
  call: PooledCall<Connection, Answer>,
  connection: Connection,
  answer: Answer | undefined,
): Promise<void> {
  if (call.deadline.signal.aborted) await connection.cancel();
  else await connection.settle(call.mayLeaveTraces(answer));
  call.pool.release(connection);
}
