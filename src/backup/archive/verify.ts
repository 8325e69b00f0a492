import type { Opener } from './keys.ts';
import { backupError } from '../errors.ts';
import { readParts, type Entry, type Part } from './entries.ts';
import { MANIFEST, manifestSchema, type Manifest } from './manifest.ts';
import { readSealed } from './sealed-file.ts';

/**
 * Reads a whole backup and holds it to its manifest; `take` gets every part but that. Nothing that was
 * taken may be relied on before this has returned.
 *
 * Throws `BACKUP_UNREADABLE`, `BACKUP_KEY_WRONG`, and as `take` does.
 */
export async function readBackup(
  file: string,
  opener: Opener | { readonly fileKey: Buffer },
  take: (part: Part) => Promise<void> = skim,
): Promise<Manifest> {
  const text: Uint8Array[] = [];
  const entries = await readParts(readSealed(file, opener), async (part) => {
    if (part.name !== MANIFEST) return await take(part);
    for await (const bytes of part.data) text.push(bytes);
  });
  const manifest = parse(Buffer.concat(text).toString('utf8'));
  const there = entries.filter(({ name }) => name !== MANIFEST);
  if (entries.at(-1)?.name !== MANIFEST || !sameEntries(there, manifest.parts)) {
    throw backupError('BACKUP_UNREADABLE', `\`${file}\` does not hold what its manifest says`);
  }
  return manifest;
}

async function skim({ data }: Part): Promise<void> {
  for await (const _bytes of data);
}

function parse(text: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw backupError('BACKUP_UNREADABLE', 'the backup has no manifest that this version reads', { cause });
  }
}

const sameEntries = (found: readonly Entry[], said: readonly Entry[]): boolean =>
  found.length === said.length &&
  new Set(found.map(({ name }) => name)).size === found.length &&
  found.every(({ name, bytes, sha256 }, at) => {
    const entry = said[at];
    return entry?.name === name && entry.bytes === bytes && entry.sha256 === sha256;
  });
