import { sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { sha256Hex } from '#kernel';
import { canonicalJson } from '../record/canonical-json.ts';
import type { AuditStore } from '../store/store.ts';

/**
 * A checkpoint: what the log was at one moment, signed. It covers every record since the checkpoint
 * before it by a Merkle root, names every chain with its head and its count (so that a removed chain
 * shows), and is itself chained to the one before. Kept outside (an anchor), it also shows when the
 * whole log is rolled back.
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const checkpointBody = z.strictObject({
  v: z.literal(1),
  installation: z.string().length(26),
  /** Counted from 1. */
  number: z.int().positive(),
  time: z.iso.datetime({ precision: 3 }),
  /** SHA-256 of the previous checkpoint's canonical body; zeros before the first. */
  previous: hash,
  /** Root over the chain hashes of the records covered, chain by chain in the order of `writers`. */
  root: hash,
  /** How many records that are. */
  size: z.int().nonnegative(),
  /** Every chain there ever was, by id: covered are the records after `from`, up to `count`. */
  writers: z.array(
    z.strictObject({
      id: z.string().length(26),
      from: z.int().nonnegative(),
      count: z.int().nonnegative(),
      head: hash,
      /**
       * The records up to this one were removed by policy; the hash is that of the last of them. Said
       * before they go, and in every checkpoint after: a chain that begins later must be signed for.
       */
      removed: z.strictObject({ upTo: z.int().positive(), head: hash }).optional(),
    }),
  ),
  /** Which key signs. */
  keyId: z.string().min(1).max(64),
});
export type CheckpointBody = z.infer<typeof checkpointBody>;

export interface SignedCheckpoint {
  readonly body: CheckpointBody;
  /** Ed25519, base64url. */
  readonly signature: string;
}

export const signedCheckpoint = z.strictObject({ body: checkpointBody, signature: z.string() });

export const NO_CHECKPOINT = '0'.repeat(64);

// Says what is signed: a signature over a checkpoint is good for nothing else.
const DOMAIN = 'chatelaine-audit-checkpoint-v1\n';

const signedBytes = (body: CheckpointBody): Buffer => Buffer.from(DOMAIN + canonicalJson(body));

/** What the next checkpoint's `previous` must say. */
export const checkpointHash = (body: CheckpointBody): string => sha256Hex(canonicalJson(body));

export function signCheckpoint(body: CheckpointBody, key: KeyObject): SignedCheckpoint {
  return { body, signature: sign(null, signedBytes(body), key).toString('base64url') };
}

/** True when the key, which is the one that `keyId` names, signed exactly this. */
export function checkSignature({ body, signature }: SignedCheckpoint, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  // One signature has one spelling: base64url has spare bits at its end.
  return bytes.toString('base64url') === signature && verify(null, signedBytes(body), key, bytes);
}

/** The stored form: `signature SP canonical body`. */
export const checkpointLine = ({ body, signature }: SignedCheckpoint): string => `${signature} ${canonicalJson(body)}`;

/** The checkpoint of a line; undefined unless it is written exactly as we write it. */
export function readCheckpoint(line: string): SignedCheckpoint | undefined {
  const space = line.indexOf(' ');
  if (space === -1) return undefined;
  try {
    const body = checkpointBody.safeParse(JSON.parse(line.slice(space + 1)));
    if (!body.success) return undefined;
    const checkpoint = { body: body.data, signature: line.slice(0, space) };
    return checkpointLine(checkpoint) === line ? checkpoint : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The last checkpoint that can be read, where the last line is none: what it covers and says was removed
 * still holds, whatever somebody did to those after it.
 */
export async function lastReadable(
  store: Pick<AuditStore, 'lastCheckpoint' | 'checkpoints'>,
): Promise<SignedCheckpoint | undefined> {
  const line = await store.lastCheckpoint();
  let last = line === undefined ? undefined : readCheckpoint(line);
  if (line === undefined || last) return last;
  for await (const earlier of store.checkpoints()) last = readCheckpoint(earlier) ?? last;
  return last;
}

/** The last checkpoint of a log; undefined where there is none, or none that can be read. */
export async function lastCheckpoint(store: Pick<AuditStore, 'lastCheckpoint'>): Promise<SignedCheckpoint | undefined> {
  const line = await store.lastCheckpoint();
  return line === undefined ? undefined : readCheckpoint(line);
}
