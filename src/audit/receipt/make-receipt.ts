import type { AuditRecord } from '#contract';
import { genesis } from '../chain/chain.ts';
import { lastCheckpoint, readCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { inclusionPath, leafHash } from '../checkpoint/merkle.ts';
import { auditError } from '../errors.ts';
import type { AuditStore } from '../store/store.ts';
import type { Receipt } from './receipt.ts';

/**
 * The receipt of a record; undefined when no checkpoint covers it yet. Reads the records of that one
 * checkpoint. Throws `AUDIT_DAMAGED` when they cannot be read any more.
 */
export async function makeReceipt(store: AuditStore, record: AuditRecord): Promise<Receipt | undefined> {
  const checkpoint = await coveringCheckpoint(store, record);
  if (!checkpoint) return undefined;
  const hashes: Buffer[] = [];
  let index = -1;
  for (const { id, from, count } of checkpoint.body.writers) {
    if (id === record.writer) index = hashes.length + record.seq - from - 1;
    for await (const group of store.hashes(id, from, count)) hashes.push(...group);
  }
  return {
    format: 'chatelaine-audit-receipt/1',
    record,
    previous: await previousHash(store, record),
    proof: { index, path: inclusionPath(hashes.map(leafHash), index).map((step) => step.toString('hex')) },
    checkpoint,
  };
}

async function coveringCheckpoint(store: AuditStore, record: AuditRecord): Promise<SignedCheckpoint | undefined> {
  // From one before it on, as far as can be told; what was not found so is looked for from the first on.
  return (
    (await firstCovering(store, record, await lastBefore(store, record))) ?? (await firstCovering(store, record, 0))
  );
}

/** The number of the last checkpoint that does not reach the record yet: what they cover of a chain only grows. */
async function lastBefore(store: AuditStore, { writer, seq }: AuditRecord): Promise<number> {
  let low = 0;
  for (let high = (await lastCheckpoint(store))?.body.number ?? 0; high - low > 1;) {
    const middle = low + Math.floor((high - low) / 2);
    const checkpoint = await checkpointAt(store, middle);
    const covered = checkpoint?.body.writers.find(({ id }) => id === writer)?.count ?? 0;
    if (checkpoint === undefined) return low;
    if (covered < seq) low = middle;
    else high = middle;
  }
  return low;
}

async function checkpointAt(store: AuditStore, number: number): Promise<SignedCheckpoint | undefined> {
  for await (const line of store.checkpoints(number - 1)) {
    const checkpoint = readCheckpoint(line);
    if (checkpoint && checkpoint.body.number >= number)
      return checkpoint.body.number === number ? checkpoint : undefined;
  }
  return undefined;
}

async function firstCovering(
  store: AuditStore,
  { writer, seq }: AuditRecord,
  after: number,
): Promise<SignedCheckpoint | undefined> {
  for await (const line of store.checkpoints(after)) {
    const checkpoint = readCheckpoint(line);
    const covered = checkpoint?.body.writers.find(({ id }) => id === writer);
    if (checkpoint && covered && seq > covered.from && seq <= covered.count) return checkpoint;
  }
  return undefined;
}

async function previousHash(store: AuditStore, { writer, seq }: AuditRecord): Promise<string> {
  if (seq === 1) return genesis(store.installation, writer).hash;
  for await (const [entry] of store.read(writer, seq - 2)) {
    if (entry?.kind === 'record') return entry.hash;
    break;
  }
  throw auditError('AUDIT_DAMAGED', `record ${seq - 1} of the chain \`${writer}\` cannot be read`);
}
