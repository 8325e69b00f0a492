import { z } from 'zod';
import { auditFilter } from '../store/query.ts';

/**
 * The evidence of an incident: a folder whose parts speak for themselves.
 *
 *     records.ndjson       the records as they are stored, newest first
 *     proofs.ndjson        for each, the hash before it and its path to the root of a checkpoint
 *     checkpoints.ndjson   those checkpoints, signed when they were made
 *     opened.ndjson        where asked for: the records with what is personal
 *     public-key.pem       whose signatures these are; to be compared with one from elsewhere
 *     manifest.json        what was asked, when, and the digest of every file
 *     manifest.sig         Ed25519 over the manifest
 */
export const EVIDENCE_FILES = {
  records: 'records.ndjson',
  proofs: 'proofs.ndjson',
  checkpoints: 'checkpoints.ndjson',
  opened: 'opened.ndjson',
  publicKey: 'public-key.pem',
  manifest: 'manifest.json',
  signature: 'manifest.sig',
} as const;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const evidenceManifest = z.strictObject({
  format: z.literal('chatelaine-audit-evidence/1'),
  installation: z.string().length(26),
  madeAt: z.iso.datetime({ precision: 3 }),
  filter: auditFilter,
  records: z.int().nonnegative(),
  /** Found and left out: what another process wrote so lately that nothing signs for it yet. */
  uncovered: z.int().nonnegative(),
  keyId: z.string(),
  files: z.array(z.strictObject({ name: z.enum(Object.values(EVIDENCE_FILES)), bytes: z.int(), sha256: hash })),
});
export type EvidenceManifest = z.infer<typeof evidenceManifest>;

/** The manifest of a text; undefined for what is none. Whether it is to be believed, `verifyEvidence` says. */
export function readManifest(text: string): EvidenceManifest | undefined {
  try {
    return evidenceManifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The way of a record to the root of a checkpoint. */
export const evidenceProof = z.strictObject({
  id: z.string().length(26),
  checkpoint: z.int().positive(),
  previous: hash,
  index: z.int().nonnegative(),
  path: z.array(hash).max(64),
});
export type EvidenceProof = z.infer<typeof evidenceProof>;

/** Says what is signed: a signature over a manifest is good for nothing else. */
export const EVIDENCE_DOMAIN = 'chatelaine-audit-evidence-v1\n';
