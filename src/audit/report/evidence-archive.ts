import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { err, newId, ok, type Clock, type Result } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import type { AuditFilter } from '../store/query.ts';
import { EVIDENCE_FILES } from './evidence.ts';
import { BLOCK, Bytes, END_OF_TAR, paddingOf, readTarHeader, tarHeader } from './tar.ts';

/** In the order of the archive: the signature comes last, and nothing verifies without it. */
const ORDER = Object.values(EVIDENCE_FILES);
const STAGED = 'evidence-';
const LONGEST_STAGED_MS = 24 * 3_600_000;

/**
 * The evidence of what the filter finds as one tar archive (POSIX.1-1988), for those who are not where the
 * log is. It is written into a folder of `scratch` first, since a tar says how long each file is before it
 * comes; the folder is gone when the archive is, and one that a killed process left, a day later.
 *
 * Throws as `AuditLog.evidence` does.
 */
export async function* evidenceArchive(
  log: Pick<AuditLog, 'evidence'>,
  {
    filter,
    opened,
    scratch,
    clock,
  }: { readonly filter: AuditFilter; readonly opened: boolean; readonly scratch: string; readonly clock: Clock },
): AsyncGenerator<Uint8Array, void, undefined> {
  const now = clock.now();
  await removeLeft(scratch, now);
  const directory = join(scratch, `${STAGED}${newId(now)}`);
  try {
    await log.evidence({ filter, opened, directory });
    for (const name of ORDER) {
      const path = join(directory, name);
      const found = await stat(path).catch(() => undefined);
      // Only what was asked for is there.
      if (found === undefined) continue;
      yield tarHeader({ name, size: found.size, seconds: Math.floor(now / 1000) });
      for await (const chunk of createReadStream(path)) yield chunk as Buffer;
      const padding = paddingOf(found.size);
      if (padding > 0) yield Buffer.alloc(padding);
    }
    yield END_OF_TAR;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function removeLeft(scratch: string, now: number): Promise<void> {
  for (const name of await readdir(scratch)) {
    if (!name.startsWith(STAGED)) continue;
    const path = join(scratch, name);
    const left = await stat(path).catch(() => undefined);
    if (left !== undefined && now - left.mtimeMs > LONGEST_STAGED_MS) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Unpacks such an archive into a folder, which must not exist, for its owner alone; gives how many bytes the
 * files have, or what is wrong with the archive. Takes the files of evidence and nothing else, each once:
 * whoever sends an archive does not choose where it is written. `onBytes` is told how far it is.
 *
 * Rejects with the system's error where the folder cannot be written, and as `pieces` does. What was
 * unpacked until then is removed.
 */
export async function unpackEvidence(
  pieces: AsyncIterable<string | Uint8Array>,
  directory: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<Result<number, string>> {
  await mkdir(directory, { mode: 0o700 });
  let whole = false;
  try {
    const unpacked = await unpack(new Bytes(pieces), directory, onBytes);
    whole = unpacked.ok;
    return unpacked;
  } finally {
    if (!whole) await rm(directory, { recursive: true, force: true });
  }
}

async function unpack(
  bytes: Bytes,
  directory: string,
  onBytes: (bytes: number) => void,
): Promise<Result<number, string>> {
  const seen = new Set<string>();
  let total = 0;
  for (;;) {
    const block = await bytes.exactly(BLOCK);
    if (block === undefined) return err('it ends before its end');
    if (block.every((byte) => byte === 0)) break;
    const header = readTarHeader(block);
    if (header === undefined) return err('it is no archive of files');
    const { name, size } = header;
    if (!(ORDER as readonly string[]).includes(name) || seen.has(name)) return err('it holds what is no evidence');
    seen.add(name);
    const file = await open(join(directory, name), 'wx', 0o600);
    try {
      if (!(await copy(bytes, file, size, (written) => onBytes(total + written)))) return err('it ends before its end');
      await file.sync();
    } finally {
      await file.close();
    }
    total += size;
    if ((await bytes.exactly(paddingOf(size))) === undefined) return err('it ends before its end');
  }
  return seen.has(EVIDENCE_FILES.signature) ? ok(total) : err('it is not signed');
}

/** False when the bytes end first. */
async function copy(
  bytes: Bytes,
  file: FileHandle,
  size: number,
  onBytes: (written: number) => void,
): Promise<boolean> {
  for (let written = 0; written < size;) {
    const chunk = await bytes.some(size - written);
    if (chunk === undefined) return false;
    await file.writeFile(chunk);
    written += chunk.length;
    onBytes(written);
  }
  return true;
}
