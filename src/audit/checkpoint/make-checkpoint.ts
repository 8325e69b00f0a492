import type { Clock } from '#kernel';
import { auditError } from '../errors.ts';
import type { AuditStore } from '../store/store.ts';
import {
  checkpointHash,
  checkpointLine,
  NO_CHECKPOINT,
  readCheckpoint,
  signCheckpoint,
  type CheckpointBody,
  type SignedCheckpoint,
} from './checkpoint.ts';
import { MerkleRoot } from './merkle.ts';
import { removalsIn, type Removals } from '../retention/removals.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * Makes the next checkpoint over what is durable now and resolves when it is; undefined when nothing
 * came since the last one and nothing is to be removed, or when another process is making one.
 *
 * A chain that another process writes keeps the count it had: only its own process knows what of it
 * is durable, and signing for a record that a full disk then takes back would cry wolf forever.
 * Throws `AUDIT_DAMAGED` when the last checkpoint cannot be read: there is nothing to continue.
 */
export async function makeCheckpoint(
  store: AuditStore,
  key: SigningKey,
  clock: Clock,
  removals: Removals = new Map(),
): Promise<SignedCheckpoint | undefined> {
  return store.checkpointTurn(async (append) => {
    const last = await previousOf(store);
    const writers = await coveredWriters(store, last?.body, removals);
    const size = writers.reduce((sum, { from, count }) => sum + count - from, 0);
    if (size === 0 && removals.size === 0) return undefined;
    const tree = new MerkleRoot();
    for (const { id, from, count } of writers) {
      for await (const hashes of store.hashes(id, from, count)) for (const hash of hashes) tree.add(hash);
    }
    if (tree.size !== size) throw auditError('AUDIT_DAMAGED', 'records that were there a moment ago cannot be read');
    const checkpoint = signCheckpoint(
      {
        v: 1,
        installation: store.installation,
        number: (last?.body.number ?? 0) + 1,
        time: new Date(clock.now()).toISOString(),
        previous: last ? checkpointHash(last.body) : NO_CHECKPOINT,
        root: tree.root().toString('hex'),
        size,
        writers,
        keyId: key.id,
      },
      key.privateKey,
    );
    await append(checkpointLine(checkpoint));
    return checkpoint;
  });
}

async function previousOf(store: AuditStore): Promise<SignedCheckpoint | undefined> {
  const line = await store.lastCheckpoint();
  if (line === undefined) return undefined;
  const checkpoint = readCheckpoint(line);
  if (!checkpoint) throw auditError('AUDIT_DAMAGED', 'the last checkpoint is not as it was written');
  return checkpoint;
}

/**
 * Every chain there is or was, with what the checkpoint covers of it. One that has become shorter, or
 * is gone, keeps its count: checkpoints go on for the others, and each of them says what is missing.
 */
async function coveredWriters(
  store: AuditStore,
  last: CheckpointBody | undefined,
  removals: Removals,
): Promise<CheckpointBody['writers']> {
  const covered = new Map<string, CheckpointBody['writers'][number]>();
  for (const { id, count, head } of last?.writers ?? []) covered.set(id, { id, from: count, count, head });
  for (const { id, head } of await store.writers()) {
    const from = covered.get(id)?.count ?? 0;
    if (head && head.seq > from) covered.set(id, { id, from, count: head.seq, head: head.hash });
  }
  for (const [id, { seq, hash }] of new Map([...removalsIn(last), ...removals])) {
    const writer = covered.get(id);
    if (writer) covered.set(id, { ...writer, removed: { upTo: seq, head: hash } });
  }
  return [...covered.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
