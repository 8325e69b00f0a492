import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensureWorld } from '../world/ensure-world.ts';

/** A folder of this test run; remove it in `afterAll`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'quickstart-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The real world database, built in `folder` and opened as the read-only source opens it. */
export async function openWorld(folder: string): Promise<DatabaseSync> {
  const file = join(folder, 'world.db');
  await ensureWorld(file, () => undefined);
  return new DatabaseSync(file, { readOnly: true });
}
