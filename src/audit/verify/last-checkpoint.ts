import { readCheckpoint, checkSignature, type CheckpointBody } from '../checkpoint/checkpoint.ts';
import type { TrustedKeys } from '../checkpoint/signing-key.ts';
import type { AuditStore } from '../store/store.ts';
import { claimOf } from './chain-check.ts';

/**
 * Whether the last checkpoint of a log bears a signature of one of these keys, every chain still has at
 * least what it covers, and no record behind it says that there was a later one. What is wrong, in a sentence;
 * undefined when nothing is. Takes milliseconds: whether all that lies between is what was written is for
 * `verifyLog` to say.
 */
export async function checkLastCheckpoint(store: AuditStore, keys: TrustedKeys): Promise<string | undefined> {
  const line = await store.lastCheckpoint();
  if (line === undefined) return await missingAfter(store, undefined);
  const checkpoint = readCheckpoint(line);
  if (checkpoint === undefined) return 'the last checkpoint of the audit log is not as it was written';
  const { body } = checkpoint;
  const key = keys.get(body.keyId);
  if (key === undefined || !checkSignature(checkpoint, key)) {
    return `the checkpoint ${body.number} of the audit log does not bear a signature of its key`;
  }
  for (const { id, count, head } of body.writers) {
    if (count > 0 && (await hashAt(store, id, count)) !== head) {
      return `the record ${count} of the chain \`${id}\` is not what the checkpoint ${body.number} covers`;
    }
  }
  return await missingAfter(store, body);
}

async function hashAt(store: AuditStore, writer: string, seq: number): Promise<string | undefined> {
  try {
    for await (const [hash] of store.hashes(writer, seq - 1, seq)) return hash?.toString('hex');
  } catch {
    // Shorter than it was.
  }
  return undefined;
}

/** A later checkpoint than the last one, as a record behind it says that it was made. */
async function missingAfter(store: AuditStore, last: CheckpointBody | undefined): Promise<string | undefined> {
  const counts = new Map(last?.writers.map(({ id, count }) => [id, count]));
  for (const { id } of await store.writers()) {
    for await (const entries of store.read(id, counts.get(id) ?? 0)) {
      for (const entry of entries) {
        const number = entry.kind === 'record' ? claimOf(entry.canonical)?.number : undefined;
        // It may have been made since.
        if (number === undefined || number <= (await latestOf(store))) continue;
        return `the checkpoint ${number} of the audit log is missing: the chain \`${id}\` says that it was made`;
      }
    }
  }
  return undefined;
}

async function latestOf(store: AuditStore): Promise<number> {
  const line = await store.lastCheckpoint();
  return (line === undefined ? undefined : readCheckpoint(line)?.body.number) ?? 0;
}
