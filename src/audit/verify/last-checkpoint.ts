import type { Clock } from '#kernel';
import { checkSignature, readCheckpoint } from '../checkpoint/checkpoint.ts';
import { trustedKeysOf } from '../checkpoint/former-keys.ts';
import { SegmentStore } from '../store/segments/segment-store.ts';

/**
 * Whether the last checkpoint of a data directory's log bears a signature of one of its keys, and every
 * chain still has at least what it covers. What is wrong, in a sentence; undefined when nothing is. Takes
 * milliseconds: whether all that lies between is what was written is for `verifyLog` to say.
 */
export async function checkLastCheckpoint(root: string, clock: Clock): Promise<string | undefined> {
  const store = new SegmentStore({ root, clock });
  try {
    const line = await store.lastCheckpoint();
    if (line === undefined) return undefined;
    const checkpoint = readCheckpoint(line);
    if (checkpoint === undefined) return 'the last checkpoint of the audit log is not as it was written';
    const { body } = checkpoint;
    const key = trustedKeysOf(root).get(body.keyId);
    if (key === undefined || !checkSignature(checkpoint, key)) {
      return `the checkpoint ${body.number} of the audit log does not bear a signature of its key`;
    }
    for (const { id, count, head } of body.writers) {
      if (count === 0) continue;
      const found: string[] = [];
      try {
        for await (const hashes of store.hashes(id, count - 1, count)) {
          found.push(...hashes.map((hash) => hash.toString('hex')));
        }
      } catch {
        // Shorter than it was: said below.
      }
      if (found[0] !== head)
        return `the record ${count} of the chain \`${id}\` is not what the checkpoint ${body.number} covers`;
    }
    return undefined;
  } finally {
    await store.close();
  }
}
