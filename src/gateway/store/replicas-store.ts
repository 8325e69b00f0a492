import type { DatabaseOrTransaction } from '#db';

/** A process that serves, as it says of itself. */
export interface ReplicaRow {
  readonly id: string;
  /** The origin at which its siblings reach it; null where nobody said. */
  readonly address: string | null;
  readonly proof: string;
  readonly seen_at: number;
}

/** Says that a process is there, once more. */
export async function noteReplica(db: DatabaseOrTransaction, row: ReplicaRow): Promise<void> {
  const { address, proof, seen_at } = row;
  await db
    .insertInto('replicas')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ address, proof, seen_at }))
    .execute();
}

export async function listReplicas(db: DatabaseOrTransaction): Promise<readonly ReplicaRow[]> {
  return await db.selectFrom('replicas').select(['id', 'address', 'proof', 'seen_at']).execute();
}

/** Takes a process off the list; one that has said more since `seenAt` stays. */
export async function forgetReplica(db: DatabaseOrTransaction, id: string, seenAt?: number): Promise<void> {
  let removal = db.deleteFrom('replicas').where('id', '=', id);
  if (seenAt !== undefined) removal = removal.where('seen_at', '=', seenAt);
  await removal.execute();
}
