import { createHash, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { auditRecord, type AuditRecord } from '#contract';
import { err, ok, type Result } from '#kernel';
import { signedCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { TrustedKeys } from '../checkpoint/signing-key.ts';
import { verifyReceipt } from '../receipt/receipt.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { EVIDENCE_DOMAIN, EVIDENCE_FILES, evidenceManifest, evidenceProof, type EvidenceManifest } from './evidence.ts';

/**
 * Checks a folder of evidence with nothing but public keys, which must come from elsewhere than the
 * folder: that nothing in it was changed, added or left out since it was made, and that each record
 * is the one that a signed checkpoint covered. Gives the manifest, or why the folder proves nothing.
 * Rejects with the system's error where it cannot be read.
 */
export async function verifyEvidence(directory: string, keys: TrustedKeys): Promise<Result<EvidenceManifest, string>> {
  const read = await readManifest(directory, keys);
  if (!read.ok) return read;
  const manifest = read.value;
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(directory, name);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isFile()) return err(`\`${name}\` is missing`);
    if (found.size !== bytes || (await digestOf(path)) !== sha256) return err(`\`${name}\` is not as it was written`);
  }
  const known: ReadonlySet<string> = new Set([
    ...manifest.files.map(({ name }) => name),
    EVIDENCE_FILES.manifest,
    EVIDENCE_FILES.signature,
  ]);
  const stranger = (await readdir(directory)).find((name) => !known.has(name));
  if (stranger !== undefined) return err(`\`${stranger}\` does not belong there`);
  return await checkRecords(directory, manifest, keys);
}

async function readManifest(directory: string, keys: TrustedKeys): Promise<Result<EvidenceManifest, string>> {
  const text = await readFile(join(directory, EVIDENCE_FILES.manifest), 'utf8');
  const written = await readFile(join(directory, EVIDENCE_FILES.signature), 'utf8');
  const signature = Buffer.from(written, 'base64url');
  const parsed = evidenceManifest.safeParse(parseJson(text));
  if (!parsed.success) return err('its manifest is none');
  const key = keys.get(parsed.data.keyId);
  if (!key) return err(`it is signed with the key \`${parsed.data.keyId}\`, which is not trusted`);
  // One signature has one spelling.
  const spelled = signature.toString('base64url') === written;
  if (!spelled || !verify(null, Buffer.from(EVIDENCE_DOMAIN + text), key, signature))
    return err('it does not bear its signature');
  return ok(parsed.data);
}

async function checkRecords(
  directory: string,
  manifest: EvidenceManifest,
  keys: TrustedKeys,
): Promise<Result<EvidenceManifest, string>> {
  const records = new Map<string, AuditRecord>();
  for await (const value of valuesIn(join(directory, EVIDENCE_FILES.records))) {
    const record = auditRecord.safeParse(value);
    if (!record.success) return err('a record is none');
    records.set(record.data.id, record.data);
  }
  if (records.size !== manifest.records) return err(`it holds ${records.size} records of ${manifest.records}`);
  const checkpoints = new Map<number, SignedCheckpoint>();
  for await (const value of valuesIn(join(directory, EVIDENCE_FILES.checkpoints))) {
    const checkpoint = signedCheckpoint.safeParse(value);
    if (!checkpoint.success || checkpoint.data.body.installation !== manifest.installation) {
      return err('a checkpoint is none of this installation');
    }
    checkpoints.set(checkpoint.data.body.number, checkpoint.data);
  }
  for await (const value of valuesIn(join(directory, EVIDENCE_FILES.proofs))) {
    const proof = evidenceProof.safeParse(value);
    if (!proof.success) return err('a proof is none');
    const { id, checkpoint, previous, index, path } = proof.data;
    const receipt = {
      format: 'chatelaine-audit-receipt/1',
      record: records.get(id),
      previous,
      proof: { index, path },
      checkpoint: checkpoints.get(checkpoint),
    };
    const proven = verifyReceipt(receipt, keys);
    if (!proven.ok) return err(`the record \`${id}\` is not proven: ${proven.error}`);
    records.delete(id);
  }
  const [unproven] = records.keys();
  return unproven === undefined ? ok(manifest) : err(`nothing proves the record \`${unproven}\``);
}

/** Each line as it is written canonically; anything else is undefined, which no schema takes. */
async function* valuesIn(path: string): AsyncGenerator {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const value = parseJson(line);
    yield value !== undefined && canonicalJson(value) === line ? value : undefined;
  }
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
