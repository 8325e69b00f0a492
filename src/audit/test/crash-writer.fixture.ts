/**
 * A process that appends without pause, many records at a time, until it is killed. On standard
 * output it acknowledges each as a server would: after `append` has resolved, at once.
 *
 *   crash-writer.fixture.ts ROOT [DATABASE]      `database:` of a configuration as JSON
 */
import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '#kernel';
import { serverSchema } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { openAuditLog } from '../open-audit-log.ts';
import { event } from './event.fixture.ts';

const [root, document] = process.argv.slice(2) as [string, string | undefined];

async function openStorage() {
  if (document === undefined) return undefined;
  const { database: settings } = serverSchema.parse({ kind: 'server', database: JSON.parse(document) });
  const database = await openDatabase({ ...databasePlace(settings, root), clock: systemClock });
  return { settings, database };
}

const storage = await openStorage();
const log = await openAuditLog({
  root,
  clock: systemClock,
  logger: silentLogger,
  checkpoints: { records: 150, ms: 50 },
  ...(storage && { storage }),
});

/** Out at once, or the kill would take what was acknowledged with it. A full pipe is waited for. */
function acknowledge(line: string): void {
  const bytes = Buffer.from(line);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

async function appendForEver(): Promise<never> {
  for (let at = 0; ; at++) {
    const { id, writer, seq } = await log.append(event({ requestId: `req-${at}` }));
    acknowledge(`${id} ${writer} ${seq}\n`);
  }
}

await Promise.all(Array.from({ length: 24 }, appendForEver));
