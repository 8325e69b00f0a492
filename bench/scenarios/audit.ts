/**
 * A record costs what it cost when the log was empty: nothing that is done for one looks at those
 * before. And one flush serves many callers, or the disk would set the number of calls.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { spread } from '../measure/statistics.ts';
import { atLeast, atMost, short, shortSpread } from '../report/gate.ts';
import { APPENDERS, type Appended, type AppenderReport } from './audit-figures.ts';
import type { Findings, Scenario } from './scenario.ts';

const APPENDER = join(import.meta.dirname, 'audit-appender.ts');

/** Two logs of the same length differ by a tenth on a busy machine; a cost that grows shows by more. */
const MOST_GROWTH = 1.2;
/** Of 64 that append at once; the rest waits for the next flush. */
const LEAST_PER_FLUSH = 16;

export const audit: Scenario = {
  name: 'audit',
  async run({ folder, auditRecords }): Promise<Findings> {
    const place = await mkdtemp(join(folder, 'audit-'));
    try {
      const { parts, turns } = await appended(place, auditRecords);
      // Of all turns together: single ones differ by whose garbage was collected when.
      const spent = (log: 'grown' | 'begun'): number => sum(turns, (turn) => turn[log].loopMicroseconds);
      const growth = spent('grown') / spent('begun');
      const records = sum(parts, (part) => part.records);
      const perFlush = records / sum(parts, ({ flushes }) => flushes);
      return {
        tables: [
          {
            title: `audit: ${records.toLocaleString('en')} records from ${APPENDERS} appenders`,
            header: ['fifth', 'records/s', 'loop CPU µs', 'process CPU µs', 'records a flush'],
            rows: parts.map((part, at) => [
              String(at + 1),
              short((part.records / part.ms) * 1000),
              short(cost(part)),
              short(part.processMicroseconds / part.records),
              short(part.records / part.flushes),
            ]),
          },
          {
            title: 'audit: the log with those records, and a new one in turns with it',
            header: ['loop CPU µs', 'in a new log', 'ratio'],
            rows: [
              [
                shortSpread(spread(turns.map(({ grown }) => cost(grown)))),
                shortSpread(spread(turns.map(({ begun }) => cost(begun)))),
                short(growth),
              ],
            ],
          },
        ],
        gates: [
          atMost('audit: CPU of a record in the log that has grown against a new one', growth, MOST_GROWTH),
          atLeast(`audit: records a flush with ${APPENDERS} appenders`, perFlush, LEAST_PER_FLUSH),
        ],
      };
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  },
};

const cost = ({ loopMicroseconds, records }: Appended): number => loopMicroseconds / records;

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

async function appended(folder: string, records: number): Promise<AppenderReport> {
  const child = spawn(
    process.execPath,
    ['--conditions=chatelaine-source', '--no-warnings', APPENDER, folder, String(records)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const stop = (): boolean => child.kill('SIGKILL');
  process.once('exit', stop);
  try {
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    if (child.exitCode !== 0) throw new Error(`the appending process ended with ${child.exitCode ?? child.signalCode}`);
    return JSON.parse(said) as AppenderReport;
  } finally {
    process.removeListener('exit', stop);
  }
}
