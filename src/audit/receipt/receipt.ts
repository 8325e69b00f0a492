import { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import { auditRecord, type AuditRecord } from '#contract';
import { nextHash } from '../chain/chain.ts';
import { checkSignature, signedCheckpoint } from '../checkpoint/checkpoint.ts';
import { rootFromPath } from '../checkpoint/merkle.ts';
import type { TrustedKeys } from '../checkpoint/signing-key.ts';
import { canonicalJson } from '../record/canonical-json.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * One record and the proof that a signed checkpoint covers it. Says nothing of other records but
 * their number: hashes alone lie on the way to the root.
 */
export const receiptSchema = z.strictObject({
  format: z.literal('chatelaine-audit-receipt/1'),
  record: auditRecord,
  /** Chain hash of the record before it. */
  previous: hash,
  proof: z.strictObject({
    /** Place among the leaves of the checkpoint, from 0. */
    index: z.int().nonnegative(),
    /** Audit path from the leaf upwards (RFC 6962 §2.1.1). */
    path: z.array(hash).max(64),
  }),
  checkpoint: signedCheckpoint,
});
export type Receipt = z.infer<typeof receiptSchema>;

/**
 * Checks a receipt with nothing but public keys: no log, no network, no clock. Gives the record, or
 * the reason why the receipt proves nothing.
 */
export function verifyReceipt(receipt: unknown, keys: TrustedKeys): Result<AuditRecord, string> {
  const parsed = receiptSchema.safeParse(receipt);
  if (!parsed.success) return err(`it is no receipt: ${z.prettifyError(parsed.error)}`);
  const { record, previous, proof, checkpoint } = parsed.data;
  const { body } = checkpoint;

  const key = keys.get(body.keyId);
  if (!key) return err(`its checkpoint is signed with the key \`${body.keyId}\`, which is not trusted`);
  if (!checkSignature(checkpoint, key)) return err('its checkpoint does not bear its signature');

  const at = body.writers.findIndex(({ id }) => id === record.writer);
  const writer = body.writers[at];
  if (!writer || record.seq <= writer.from || record.seq > writer.count) {
    return err('its checkpoint does not cover the record');
  }
  const before = body.writers.slice(0, at).reduce((sum, { from, count }) => sum + count - from, 0);
  if (proof.index !== before + record.seq - writer.from - 1) return err('its proof is for another place');

  const leaf = Buffer.from(nextHash(previous, canonicalJson(record)), 'hex');
  const path = proof.path.map((step) => Buffer.from(step, 'hex'));
  const root = rootFromPath(leaf, proof.index, body.size, path)?.toString('hex');
  return root === body.root ? ok(record) : err('the record is not the one that the checkpoint covers');
}
