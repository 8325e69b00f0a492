import type { DatabaseOrTransaction, DeviceCodesTable } from '#db';

/** A program that waits for a person (RFC 8628). */
export interface WaitingProgram {
  readonly digest: string;
  readonly state: 'pending' | 'approved' | 'denied';
  readonly userId: string | null;
  /** The session in which it was approved. */
  readonly sessionId: string | null;
  readonly amr: readonly string[];
  readonly authTime: number;
  /** What the program says of itself: not to be believed, but shown. */
  readonly client: string;
  readonly address: string;
  readonly expiresAt: number;
  readonly polledAt: number;
}

/** Adds a waiting program; those that waited too long are cleared away. */
export async function insertDeviceCode(
  db: DatabaseOrTransaction,
  code: Pick<WaitingProgram, 'digest' | 'client' | 'address' | 'expiresAt'> & {
    readonly userCodeDigest: string;
    readonly now: number;
  },
): Promise<void> {
  await db.deleteFrom('device_codes').where('expires_at', '<=', code.now).execute();
  await db
    .insertInto('device_codes')
    .values({
      digest: code.digest,
      user_code_digest: code.userCodeDigest,
      state: 'pending',
      user_id: null,
      amr: '',
      auth_time: 0,
      client: code.client,
      address: code.address,
      created_at: code.now,
      expires_at: code.expiresAt,
      polled_at: 0,
      session_id: null,
    })
    .execute();
}

/** The program behind a device code, if it still waits. */
export async function findDeviceCode(
  db: DatabaseOrTransaction,
  digest: string,
  now: number,
): Promise<WaitingProgram | undefined> {
  const row = await db
    .selectFrom('device_codes')
    .selectAll()
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row && toProgram(row);
}

/** The program behind a user code, if nobody has decided yet. */
export async function findUserCode(
  db: DatabaseOrTransaction,
  userCodeDigest: string,
  now: number,
): Promise<WaitingProgram | undefined> {
  const row = await db
    .selectFrom('device_codes')
    .selectAll()
    .where('user_code_digest', '=', userCodeDigest)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row && toProgram(row);
}

/** Notes that the program asked; false when it asked less than `intervalMs` ago. */
export async function notePoll(
  db: DatabaseOrTransaction,
  digest: string,
  now: number,
  intervalMs: number,
): Promise<boolean> {
  const updated = await db
    .updateTable('device_codes')
    .set({ polled_at: now })
    .where('digest', '=', digest)
    .where('polled_at', '<=', now - intervalMs)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Writes what the person decided; true for exactly one decision. */
export async function decideUserCode(
  db: DatabaseOrTransaction,
  userCodeDigest: string,
  decision:
    | { readonly state: 'denied' }
    | {
        readonly state: 'approved';
        readonly userId: string;
        readonly sessionId: string;
        readonly amr: readonly string[];
        readonly authTime: number;
      },
  now: number,
): Promise<boolean> {
  const updated = await db
    .updateTable('device_codes')
    .set(
      decision.state === 'denied'
        ? { state: 'denied' }
        : {
            state: 'approved',
            user_id: decision.userId,
            session_id: decision.sessionId,
            amr: decision.amr.join(' '),
            auth_time: decision.authTime,
          },
    )
    .where('user_code_digest', '=', userCodeDigest)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Takes a decided code away; true for exactly one caller. */
export async function takeDeviceCode(db: DatabaseOrTransaction, digest: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('device_codes')
    .where('digest', '=', digest)
    .where('state', '<>', 'pending')
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** Deletes the codes that a person has approved and no program has fetched yet. */
export async function deleteApprovals(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('device_codes').where('user_id', '=', userId).execute();
}

function toProgram(row: DeviceCodesTable): WaitingProgram {
  return {
    digest: row.digest,
    state: row.state,
    userId: row.user_id,
    sessionId: row.session_id,
    amr: row.amr === '' ? [] : row.amr.split(' '),
    authTime: row.auth_time,
    client: row.client,
    address: row.address,
    expiresAt: row.expires_at,
    polledAt: row.polled_at,
  };
}
