import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const note = z.object({ at: z.iso.datetime() });

/** Beside the backups, so that it is seen from the server wherever the private key was used. */
const noteIn = (folder: string): string => join(folder, 'verified.json');

/** Notes that a backup of the folder was opened and found whole; a folder that cannot be written is left as it is. */
export function noteVerification(folder: string, backup: string, now: number): void {
  try {
    writeFileSync(noteIn(folder), `${JSON.stringify({ at: new Date(now).toISOString(), backup })}\n`, { mode: 0o600 });
  } catch {
    // Mounted to be read alone, perhaps: verifying is what was asked for.
  }
}

/** When that was last; undefined when never. */
export function readVerification(folder: string): number | undefined {
  try {
    return Date.parse(note.parse(JSON.parse(readFileSync(noteIn(folder), 'utf8'))).at);
  } catch {
    return undefined;
  }
}
