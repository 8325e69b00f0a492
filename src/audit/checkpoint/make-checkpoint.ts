import { ChatelaineError, type Clock } from '#kernel';
import { auditError } from '../errors.ts';
import type { AuditStore } from '../store/store.ts';
import {
  checkpointHash,
  checkSignature,
  checkpointBody,
  NO_CHECKPOINT,
  readCheckpoint,
  signCheckpoint,
  type CheckpointBody,
  type SignedCheckpoint,
} from './checkpoint.ts';
import { MerkleRoot } from './merkle.ts';
import { removalsIn, type Removals } from '../retention/removals.ts';
import type { SigningKey } from './signing-key.ts';

/** What came of a turn to make a checkpoint. */
export interface CheckpointTurn {
  /** Absent when nothing came since the last one, and nothing is to be removed. */
  readonly checkpoint?: SignedCheckpoint;
  /** Why it does not cover what came in a chain, by the chain's id. */
  readonly damage: ReadonlyMap<string, string>;
}

type CoveredWriter = CheckpointBody['writers'][number];

/**
 * Makes the next checkpoint over what is durable now and resolves when it is; undefined when another
 * process is making one.
 *
 * A chain that another process writes keeps the count it had: only its own process knows what of it
 * is durable, and signing for a record that a full disk then takes back would cry wolf forever. So does
 * a chain that is damaged: one of them must not keep all others from being signed for.
 * Throws `AUDIT_DAMAGED` when the last checkpoint cannot be read: there is nothing to continue.
 */
export async function makeCheckpoint(
  store: AuditStore,
  key: SigningKey,
  clock: Clock,
  removals: Removals = new Map(),
): Promise<CheckpointTurn | undefined> {
  return store.checkpointTurn(async (append) => {
    const last = await previousOf(store, key);
    const damage = new Map<string, string>();
    let tree = new MerkleRoot();
    const writers: CoveredWriter[] = [];
    for (const writer of await coveredWriters(store, last?.body, removals, damage)) {
      const grown = await withHashes(tree, store, writer).catch(damageAlone);
      if (grown instanceof MerkleRoot) {
        tree = grown;
        writers.push(writer);
        continue;
      }
      damage.set(writer.id, grown.message);
      const before = last?.body.writers.find(({ id }) => id === writer.id);
      const removed = writer.removed && { removed: writer.removed };
      if (before)
        writers.push({ id: writer.id, from: before.count, count: before.count, head: before.head, ...removed });
    }
    if (tree.size === 0 && removals.size === 0) return { damage };
    const checkpoint = signCheckpoint(
      {
        v: 1,
        installation: store.installation,
        number: (last?.body.number ?? 0) + 1,
        time: new Date(clock.now()).toISOString(),
        previous: last ? checkpointHash(last.body) : NO_CHECKPOINT,
        root: tree.root().toString('hex'),
        size: tree.size,
        writers,
        keyId: key.id,
      },
      key.privateKey,
    );
    await append(checkpoint);
    return { checkpoint, damage };
  });
}

async function withHashes(
  tree: MerkleRoot,
  store: AuditStore,
  { id, from, count }: CoveredWriter,
): Promise<MerkleRoot> {
  const grown = tree.copy();
  for await (const hashes of store.hashes(id, from, count)) for (const hash of hashes) grown.add(hash);
  if (grown.size - tree.size === count - from) return grown;
  throw auditError('AUDIT_DAMAGED', `records of the chain \`${id}\` that were there a moment ago cannot be read`);
}

/** A disk that cannot be read now is no damage: the checkpoint comes when it can. */
function damageAlone(error: unknown): ChatelaineError {
  if (error instanceof ChatelaineError && error.code === 'AUDIT_DAMAGED') return error;
  throw error;
}

async function previousOf(store: AuditStore, key: SigningKey): Promise<SignedCheckpoint | undefined> {
  const line = await store.lastCheckpoint();
  if (line === undefined) return undefined;
  const checkpoint = readCheckpoint(line);
  // One of a former key is taken at its word, as everything in its chain is: to doubt it is for `verify`.
  if (!checkpoint || (checkpoint.body.keyId === key.id && !checkSignature(checkpoint, key.publicKey))) {
    const what = 'the last checkpoint is not as it was written, or not signed with the `signing.key` of this host';
    throw auditError('AUDIT_DAMAGED', what);
  }
  return checkpoint;
}

const CHAIN_ID = checkpointBody.shape.writers.element.shape.id;

/**
 * Every chain there is or was, with what the checkpoint covers of it. One that has become shorter, or
 * is gone, keeps its count: checkpoints go on for the others, and each of them says what is missing.
 */
async function coveredWriters(
  store: AuditStore,
  last: CheckpointBody | undefined,
  removals: Removals,
  damage: Map<string, string>,
): Promise<readonly CoveredWriter[]> {
  const covered = new Map<string, CoveredWriter>();
  for (const { id, count, head } of last?.writers ?? []) covered.set(id, { id, from: count, count, head });
  for (const { id, head, damage: what } of await store.writers()) {
    if (what !== undefined) damage.set(id, what);
    // Whoever may add a row may add such a one, and the checkpoint that named it could not be read any more.
    if (!CHAIN_ID.safeParse(id).success) {
      damage.set(id, `\`${id}\` is no name of a chain`);
      continue;
    }
    const from = covered.get(id)?.count ?? 0;
    if (head && head.seq > from) covered.set(id, { id, from, count: head.seq, head: head.hash });
  }
  for (const [id, { seq, hash }] of new Map([...removalsIn(last), ...removals])) {
    const writer = covered.get(id);
    if (writer) covered.set(id, { ...writer, removed: { upTo: seq, head: hash } });
  }
  return [...covered.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
