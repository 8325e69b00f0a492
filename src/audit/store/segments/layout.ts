import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../record/canonical-json.ts';
import type { Head } from '../../chain/chain.ts';

/**
 * Where things lie in the folder `audit` of a data directory:
 *
 *     installation              the installation's id
 *     checkpoints.log           one signed checkpoint a line
 *     checkpoint.lock           held while one is made
 *     writers/ID/lock           held by the process that writes the chain
 *     writers/ID/SEQ.log        a segment, named after its first record
 *     writers/ID/closed         nobody continues the chain: it came from a backup
 *     former-keys/ID.pem        public keys that signed checkpoints before a restore
 *     writers/ID/torn-….bin     what a crash tore off an end, kept for who wants to look
 *     cursors/NAME.json         how far a receiver has got; NAME.lock is held by who sends to it
 *     index.db                  for questions; made anew when missing
 */
export const paths = {
  installation: (root: string) => join(root, 'installation'),
  checkpoints: (root: string) => join(root, 'checkpoints.log'),
  checkpointLock: (root: string) => join(root, 'checkpoint.lock'),
  writers: (root: string) => join(root, 'writers'),
  writer: (root: string, id: string) => join(root, 'writers', id),
  lock: (root: string, id: string) => join(root, 'writers', id, 'lock'),
  segment: (root: string, id: string, first: number) =>
    join(root, 'writers', id, `${String(first).padStart(16, '0')}.log`),
  cursors: (root: string) => join(root, 'cursors'),
  cursor: (root: string, receiver: string) => join(root, 'cursors', `${receiver}.json`),
  cursorLock: (root: string, receiver: string) => join(root, 'cursors', `${receiver}.lock`),
  closed: (root: string, id: string) => join(root, 'writers', id, 'closed'),
  formerKeys: (root: string) => join(root, 'former-keys'),
  signingKey: (root: string) => join(root, 'signing.key'),
  index: (root: string) => join(root, 'index.db'),
};

const WRITER_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;
const SEGMENT = /^(\d{16})\.log$/;

/** Ids of the chains that have a folder, in order. */
export function listWriters(root: string): readonly string[] {
  return namesIn(paths.writers(root))
    .filter((name) => WRITER_ID.test(name))
    .toSorted();
}

/** The first record's number of each segment, in order. Empty when the writer has no folder. */
export function listSegments(root: string, writer: string): readonly number[] {
  return namesIn(paths.writer(root, writer))
    .map((name) => SEGMENT.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .toSorted((left, right) => left - right);
}

/** Of a folder that is not there, none. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * A segment's first line. Everything in it can be told from what came before, so no byte of it can
 * be changed unnoticed.
 */
export function segmentHeader(installation: string, writer: string, after: Head): string {
  return canonicalJson({
    first: after.seq + 1,
    format: 'chatelaine-audit-segment/1',
    installation,
    previous: after.hash,
    writer,
  });
}
