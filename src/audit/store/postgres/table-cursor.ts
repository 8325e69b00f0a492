import type { DatabaseOrTransaction, DatabaseSession } from '#db';
import type { ReceiverCursor } from '../store.ts';
import { receiverLock, tryLock } from './locks.ts';

/**
 * The place of a receiver in a row, for whoever holds its lock. Written over the session that holds
 * it: a process that has lost the lock can no longer write either.
 */
export async function claimTableCursor(
  session: DatabaseSession,
  installation: string,
  receiver: string,
): Promise<ReceiverCursor | undefined> {
  if (!(await tryLock(session, receiverLock(installation, receiver)))) return undefined;
  return {
    async read() {
      const [row] = await session.query<{ state: string }>('select state from delivery_cursors where receiver = $1', [
        receiver,
      ]);
      return row?.state;
    },
    async write(state) {
      await session.query(
        `insert into delivery_cursors (receiver, state) values ($1, $2)
          on conflict (receiver) do update set state = excluded.state`,
        [receiver, state],
      );
    },
    release: () => session.close(),
  };
}

export async function cursorState(db: DatabaseOrTransaction, receiver: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('delivery_cursors')
    .select('state')
    .where('receiver', '=', receiver)
    .executeTakeFirst();
  return row?.state;
}
