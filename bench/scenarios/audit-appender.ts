/**
 * A process that appends records from 64 places at once, as concurrent calls do, and says after each
 * fifth what a record has cost it. On standard output, as one line of JSON.
 *
 *   audit-appender.ts FOLDER RECORDS
 */
import { join } from 'node:path';
import { openAuditLog } from '#audit';
import type { AuditEvent } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { APPENDERS, PARTS, type Appended } from './audit-figures.ts';

const [folder, count] = process.argv.slice(2) as [string, string];
const records = Number(count);

const event = (at: number): AuditEvent => ({
  class: 'tool-call',
  type: 'tool.call',
  door: 'mcp',
  requestId: `req-${at}`,
  actor: { kind: 'agent', iss: 'chatelaine', sub: 'agent-1', name: 'booking-bot', keyId: 'key-1' },
  action: 'call',
  object: { kind: 'tool', namespace: 'default', name: 'search-flights' },
  decision: 'permit',
  policy: { version: '17', ids: ['allow-users'] },
  argumentsDigest: `hs256:0a1b2c3d:${'A'.repeat(43)}`,
  outcome: 'success',
  durationMs: 1.25,
  address: '192.0.2.7',
  userAgent: 'bench/1.0',
});

const log = await openAuditLog({ root: join(folder, 'audit'), clock: systemClock, logger: silentLogger });
const parts: Appended[] = [];
for (let part = 0; part < PARTS; part++) parts.push(await append(Math.ceil(records / PARTS)));
await log.close();
process.stdout.write(`${JSON.stringify(parts)}\n`);

/** CPU of this thread alone: what a record costs the event loop, which answers calls as well. */
async function append(some: number): Promise<Appended> {
  const cpu = process.threadCpuUsage();
  const whole = process.cpuUsage();
  const since = performance.now();
  const { batches } = log.counts;
  let next = 0;
  const appender = async (): Promise<void> => {
    while (next < some) await log.append(event(next++));
  };
  await Promise.all(Array.from({ length: APPENDERS }, appender));
  const { user, system } = process.threadCpuUsage(cpu);
  const all = process.cpuUsage(whole);
  return {
    records: some,
    loopMicroseconds: user + system,
    processMicroseconds: all.user + all.system,
    ms: performance.now() - since,
    flushes: log.counts.batches - batches,
  };
}
