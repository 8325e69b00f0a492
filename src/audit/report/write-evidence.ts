import { createHash, sign } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRecord } from '#contract';
import type { Clock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import { genesis } from '../chain/chain.ts';
import { readCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { leafHash, MerkleTree } from '../checkpoint/merkle.ts';
import { exportPublicKey, type SigningKey } from '../checkpoint/signing-key.ts';
import { auditError } from '../errors.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { MOST_RECORDS, type AuditFilter } from '../store/query.ts';
import type { AuditStore } from '../store/store.ts';
import { EVIDENCE_DOMAIN, EVIDENCE_FILES, type EvidenceManifest, type EvidenceProof } from './evidence.ts';

export interface EvidenceOptions {
  readonly log: AuditLog;
  readonly store: AuditStore;
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly filter: AuditFilter;
  /** The folder; must not exist. */
  readonly directory: string;
  /** Adds the records with what is personal. */
  readonly opened?: boolean;
}

/**
 * Writes the evidence of what the filter finds, after a checkpoint, so that all of it is proven.
 * Throws `AUDIT_QUERY_INVALID`, `AUDIT_DAMAGED` when the log cannot prove a record, and the system's error where the folder cannot be written.
 */
export async function writeEvidence(options: EvidenceOptions): Promise<EvidenceManifest> {
  const { log, store, signingKey, clock, filter, directory } = options;
  await mkdir(directory, { mode: 0o700 });
  const madeAt = new Date(clock.now()).toISOString();
  await log.checkpoint();
  const files = new EvidenceWriter(directory);
  try {
    const { wanted, uncovered } = await writeRecords(options, await coveredBy(store), files);
    const proven = await writeProofs(store, wanted, files);
    const count = [...wanted.values()].reduce((sum, ids) => sum + ids.size, 0);
    if (proven < count) throw auditError('AUDIT_DAMAGED', `no checkpoint proves ${count - proven} of the records`);
    await files.write(EVIDENCE_FILES.publicKey, exportPublicKey(signingKey));
    const manifest: EvidenceManifest = {
      format: 'chatelaine-audit-evidence/1',
      installation: store.installation,
      madeAt,
      filter: JSON.parse(JSON.stringify(filter)) as EvidenceManifest['filter'],
      records: count,
      uncovered,
      keyId: signingKey.id,
      files: await files.finish(),
    };
    const text = canonicalJson(manifest);
    await files.write(EVIDENCE_FILES.manifest, text);
    const signature = sign(null, Buffer.from(EVIDENCE_DOMAIN + text), signingKey.privateKey);
    await files.write(EVIDENCE_FILES.signature, signature.toString('base64url'));
    await files.finish();
    return manifest;
  } catch (error) {
    await files.finish().catch(() => undefined);
    throw error;
  }
}

/** How far the checkpoints reach in each chain: the one that was just made is itself on record behind that. */
async function coveredBy(store: AuditStore): Promise<ReadonlyMap<string, number>> {
  const line = await store.lastCheckpoint();
  const body = line === undefined ? undefined : readCheckpoint(line)?.body;
  return new Map(body?.writers.map(({ id, count }) => [id, count]));
}

/** Number and id of each record that is wanted, by chain. */
type Wanted = ReadonlyMap<string, ReadonlyMap<number, string>>;

async function writeRecords(
  { log, filter, opened }: EvidenceOptions,
  covered: ReadonlyMap<string, number>,
  files: EvidenceWriter,
): Promise<{ readonly wanted: Wanted; readonly uncovered: number }> {
  const wanted = new Map<string, Map<number, string>>();
  let uncovered = 0;
  await files.write(EVIDENCE_FILES.records, '');
  let cursor: string | undefined;
  do {
    const page = await log.query(filter, { limit: MOST_RECORDS, ...(cursor !== undefined && { cursor }) });
    const records = page.records.filter(({ writer, seq }) => seq <= (covered.get(writer) ?? 0));
    uncovered += page.records.length - records.length;
    for (const { writer, seq, id } of records) {
      const ofChain = wanted.get(writer) ?? new Map<number, string>();
      wanted.set(writer, ofChain.set(seq, id));
    }
    await files.write(EVIDENCE_FILES.records, lines(records));
    if (opened === true) {
      await files.write(EVIDENCE_FILES.opened, lines(await Promise.all(records.map((record) => log.opened(record)))));
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return { wanted, uncovered };
}

const lines = (records: readonly AuditRecord[]): string =>
  records.map((record) => `${canonicalJson(record)}\n`).join('');

/** Gives how many records a checkpoint proves. */
async function writeProofs(store: AuditStore, wanted: Wanted, files: EvidenceWriter): Promise<number> {
  let proven = 0;
  await files.write(EVIDENCE_FILES.proofs, '');
  await files.write(EVIDENCE_FILES.checkpoints, '');
  for await (const line of store.checkpoints()) {
    const checkpoint = readCheckpoint(line);
    if (!checkpoint || !covers(checkpoint, wanted)) continue;
    const proofs = await proofsIn(store, checkpoint, wanted);
    proven += proofs.length;
    await files.write(EVIDENCE_FILES.checkpoints, `${canonicalJson(checkpoint)}\n`);
    await files.write(EVIDENCE_FILES.proofs, proofs.map((proof) => `${canonicalJson(proof)}\n`).join(''));
  }
  return proven;
}

const covers = ({ body }: SignedCheckpoint, wanted: Wanted): boolean =>
  body.writers.some(({ id, from, count }) =>
    [...(wanted.get(id)?.keys() ?? [])].some((seq) => seq > from && seq <= count),
  );

async function proofsIn(store: AuditStore, checkpoint: SignedCheckpoint, wanted: Wanted): Promise<EvidenceProof[]> {
  const hashes: Buffer[] = [];
  const found: { readonly id: string; readonly index: number; readonly previous: string }[] = [];
  for (const { id: writer, from, count } of checkpoint.body.writers) {
    const start = hashes.length;
    for await (const group of store.hashes(writer, from, count)) hashes.push(...group);
    for (const [seq, id] of wanted.get(writer) ?? []) {
      if (seq <= from || seq > count) continue;
      const index = start + seq - from - 1;
      const previous =
        seq - from > 1 ? (hashes[index - 1] as Buffer).toString('hex') : await hashAt(store, writer, from);
      found.push({ id, index, previous });
    }
  }
  const tree = new MerkleTree(hashes.map(leafHash));
  return found.map(({ id, index, previous }) => ({
    id,
    checkpoint: checkpoint.body.number,
    previous,
    index,
    path: tree.path(index).map((step) => step.toString('hex')),
  }));
}

async function hashAt(store: AuditStore, writer: string, seq: number): Promise<string> {
  if (seq === 0) return genesis(store.installation, writer).hash;
  for await (const [hash] of store.hashes(writer, seq - 1, seq)) if (hash) return hash.toString('hex');
  throw auditError('AUDIT_DAMAGED', `record ${seq} of the chain \`${writer}\` cannot be read`);
}

/** Files that are digested as they are written. */
class EvidenceWriter {
  readonly #directory: string;
  readonly #open = new Map<
    EvidenceManifest['files'][number]['name'],
    { readonly file: FileHandle; readonly digest: ReturnType<typeof createHash>; bytes: number }
  >();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(name: EvidenceManifest['files'][number]['name'], text: string): Promise<void> {
    const known = this.#open.get(name);
    const one = known ?? {
      file: await open(join(this.#directory, name), 'wx', 0o600),
      digest: createHash('sha256'),
      bytes: 0,
    };
    this.#open.set(name, one);
    const bytes = Buffer.from(text);
    await one.file.writeFile(bytes);
    one.digest.update(bytes);
    one.bytes += bytes.length;
  }

  /** Flushes and closes them, and gives what a manifest says of them. */
  async finish(): Promise<EvidenceManifest['files']> {
    const files: EvidenceManifest['files'] = [];
    for (const [name, { file, digest, bytes }] of this.#open) {
      await file.sync();
      await file.close();
      files.push({ name, bytes, sha256: digest.digest('hex') });
    }
    this.#open.clear();
    return files;
  }
}
