/**
 * Work that warm calls must not do, counted instead of timed: no noise, so the gates are zeros. A
 * probe in the server's process (`work-probe.mjs`) writes down each use of SQLite.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mcpCalls, restCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn } from '../load/exchanges.ts';
import { atMost } from '../report/gate.ts';
import { start } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const TOOLS = 10;
const PROBE = pathToFileURL(join(import.meta.dirname, 'work-probe.mjs')).href;

interface Counts {
  /** Statements compiled. */
  readonly prepared: number;
  /** Reads of the keys' table: a key verified by the database and not by what is known of it. */
  readonly keyReads: number;
  /** Statements run, whatever they are. */
  readonly run: number;
}

export const work: Scenario = {
  name: 'work',
  async run(bench): Promise<Findings> {
    const file = join(bench.folder, 'work.yaml');
    const record = join(bench.folder, 'work.log');
    await writeFile(file, sqliteTools(bench.hotels, TOOLS));
    await writeFile(record, '');
    const subject = await start(bench.chatelaine, file, { NODE_OPTIONS: `--import=${PROBE}`, WORK_RECORD: record });
    try {
      const doors = [
        ['MCP tools/call', mcpCalls(TOOLS)],
        ['REST invoke', restCalls(TOOLS)],
      ] as const;
      const rows: string[][] = [];
      const gates = [];
      for (const [door, calls] of doors) {
        await learn(subject, calls);
        const cold = await read(record);
        await learn(subject, calls);
        const warm = await read(record);
        const done = { prepared: warm.prepared - cold.prepared, keyReads: warm.keyReads - cold.keyReads };
        rows.push([door, String(done.prepared), String(done.keyReads), String(warm.run - cold.run)]);
        gates.push(atMost(`${door}: statements prepared per ${calls.length} warm calls`, done.prepared, 0));
        gates.push(atMost(`${door}: keys read from the database per ${calls.length} warm calls`, done.keyReads, 0));
      }
      // Zeros prove nothing unless the probe sees what there is to see.
      const { prepared, keyReads } = await read(record);
      gates.push({
        what: 'the probe sees the first calls',
        seen: `${prepared} prepared, ${keyReads} read`,
        passed: prepared > 0 && keyReads > 0,
      });
      return {
        tables: [
          { title: 'work of 1000 warm calls', header: ['door', 'prepared', 'keys read', 'statements run'], rows },
        ],
        gates,
      };
    } finally {
      await subject.stop();
    }
  },
};

async function read(record: string): Promise<Counts> {
  const counts = { prepared: 0, keyReads: 0, run: 0 };
  for (const line of (await readFile(record, 'utf8')).split('\n')) {
    if (line === '') continue;
    const { kind, sql } = JSON.parse(line) as { kind: 'prepare' | 'run'; sql: string };
    if (kind === 'prepare') counts.prepared++;
    else counts.run++;
    if (kind === 'run' && /^\s*select\b.*\bapi_keys\b/is.test(sql)) counts.keyReads++;
  }
  return counts;
}
