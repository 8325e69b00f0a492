import { closeSync, createReadStream, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Head } from '../../chain/chain.ts';
import { genesis, parseRecordLine } from '../../chain/chain.ts';
import { publicKeysOf } from '../../checkpoint/former-keys.ts';
import { readCheckpoint } from '../../checkpoint/checkpoint.ts';
import { auditError } from '../../errors.ts';
import type { AuditSnapshot } from '../snapshot.ts';
import { listSegments, listWriters, paths } from './layout.ts';
import { syncDirectory, writeFlushed } from './private-files.ts';
import { tryLock, type ProcessLock } from './process-lock.ts';
import { readEnd } from './read-lines.ts';

interface Length {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

const WAIT_MS = 30_000;
const PAUSE_MS = 10;
const WINDOW = 4 * 1024 * 1024;

/**
 * Takes a snapshot; undefined where there is no log. No checkpoint is made while lengths are noted, so
 * each one in the snapshot covers records that are in it, and no record speaks of one that is not.
 *
 * Of a chain that another process writes, records may be among them that are not durable there yet: of
 * something that was begun. The private keys are left out. Throws `AUDIT_UNAVAILABLE`.
 */
export async function snapshotAudit(root: string): Promise<AuditSnapshot | undefined> {
  if (!existsSync(paths.installation(root))) return undefined;
  const installation = readFileSync(paths.installation(root), 'utf8').trim();
  const lock = await checkpointLock(root);
  try {
    const last = await readEnd(paths.checkpoints(root));
    const checkpoints: Length[] = last
      ? [{ path: paths.checkpoints(root), name: 'checkpoints.log', bytes: last.bytes }]
      : [];
    const chains = listWriters(root).map((id) => chainOf(root, installation, id));
    return {
      installation,
      keys: publicKeysOf(root),
      checkpoints: (last?.line === undefined ? undefined : readCheckpoint(last.line)?.body.number) ?? 0,
      writers: chains.map(({ id, head }) => ({ id, ...head })),
      parts: [
        { name: 'installation', data: oneChunk(`${installation}\n`) },
        ...[...chains.flatMap(({ segments }) => segments), ...checkpoints].map(({ path, name, bytes }) => ({
          name,
          data: prefixOf(path, bytes),
        })),
      ],
    };
  } finally {
    lock.release();
  }
}

/**
 * Marks every chain of a restored log: `openWriter` begins a new one. On the disk when it returns, with the
 * names of the segments beside: without its mark a chain would be continued after a loss of power.
 */
export function closeChains(root: string): void {
  for (const id of listWriters(root)) {
    writeFlushed(paths.closed(root, id), '');
    syncDirectory(paths.writer(root, id));
  }
  syncDirectory(paths.writers(root));
}

async function checkpointLock(root: string): Promise<ProcessLock> {
  for (let waited = 0; waited < WAIT_MS; waited += PAUSE_MS) {
    const lock = tryLock(paths.checkpointLock(root));
    if (lock !== undefined) return lock;
    await sleep(PAUSE_MS);
  }
  throw auditError('AUDIT_UNAVAILABLE', 'another process has been making a checkpoint for half a minute');
}

function chainOf(root: string, installation: string, id: string): { id: string; head: Head; segments: Length[] } {
  const segments: Length[] = [];
  let head = genesis(installation, id);
  for (const first of listSegments(root, id)) {
    const path = paths.segment(root, id, first);
    const { bytes, line } = wholeLines(path);
    // Not even its first line is there: it never began.
    if (bytes === 0) continue;
    segments.push({ path, name: `writers/${id}/${String(first).padStart(16, '0')}.log`, bytes });
    const record = parseRecordLine(line);
    const seq = record === undefined ? undefined : (JSON.parse(record.canonical) as { seq: number }).seq;
    if (record !== undefined && seq !== undefined) head = { seq, hash: record.hash };
  }
  return { id, head, segments };
}

/** How many bytes end with the last line end, and that line. */
function wholeLines(path: string): { bytes: number; line: string } {
  const { size } = statSync(path);
  const from = Math.max(0, size - WINDOW);
  const window = Buffer.alloc(size - from);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, window, 0, window.length, from);
  } finally {
    closeSync(fd);
  }
  const used = window.lastIndexOf(0x0a) + 1;
  const before = used < 2 ? -1 : window.lastIndexOf(0x0a, used - 2);
  return { bytes: used === 0 ? 0 : from + used, line: window.toString('utf8', before + 1, Math.max(used - 1, 0)) };
}

/** Opened when it is read: a log may have many segments. */
async function* prefixOf(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { end: bytes - 1, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
