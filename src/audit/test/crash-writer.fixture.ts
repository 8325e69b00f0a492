/**
 * A process that appends without pause, many records at a time, until it is killed. On standard
 * output it acknowledges each as a server would: after `append` has resolved, at once.
 */
import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '#kernel';
import { openAuditLog } from '../open-audit-log.ts';
import { event } from './event.fixture.ts';

const root = process.argv[2] as string;
const log = await openAuditLog({
  root,
  clock: systemClock,
  logger: silentLogger,
  checkpoints: { records: 150, ms: 50 },
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
