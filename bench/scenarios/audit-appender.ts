/**
 * A process that appends records from 64 places at once, as concurrent calls do, and says what a record
 * of each fifth has cost it; then what one costs in the log that has grown and in a new one, in turns.
 * On standard output, as one line of JSON.
 *
 *   audit-appender.ts FOLDER RECORDS
 */
import { join } from 'node:path';
import { openAuditLog, type AuditLog } from '#audit';
import type { AuditEvent } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { APPENDERS, PARTS, RECORDS_A_TURN, TURNS, type Appended, type AppenderReport } from './audit-figures.ts';

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

const open = (name: string): Promise<AuditLog> =>
  openAuditLog({ root: join(folder, name), clock: systemClock, logger: silentLogger });

const grown = await open('grown');
const parts: Appended[] = [];
for (let part = 0; part < PARTS; part++) parts.push(await append(grown, Math.ceil(records / PARTS)));

const begun = await open('begun');
const turns: AppenderReport['turns'][number][] = [];
for (let turn = 0; turn < TURNS; turn++) {
  // Who goes first alternates: a collection of the one's garbage may fall into the other's turn.
  const costs = new Map<AuditLog, Appended>();
  for (const log of turn % 2 === 0 ? [grown, begun] : [begun, grown]) costs.set(log, await append(log, RECORDS_A_TURN));
  turns.push({ grown: costs.get(grown) as Appended, begun: costs.get(begun) as Appended });
}
await Promise.all([grown.close(), begun.close()]);
process.stdout.write(`${JSON.stringify({ parts, turns } satisfies AppenderReport)}\n`);

/** CPU of this thread alone: what a record costs the event loop, which answers calls as well. */
async function append(log: AuditLog, some: number): Promise<Appended> {
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
