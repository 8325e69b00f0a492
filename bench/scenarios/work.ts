/**
 * Work that must not be done, counted instead of timed: no noise, so the gates are exact. A probe in the
 * server's process (`work-probe.mjs`) writes down each module it loads and each use of SQLite.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mcpCalls, restCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn, type Call } from '../load/exchanges.ts';
import { atMost, type Gate, type Goal } from '../report/gate.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

const PROBE = pathToFileURL(join(import.meta.dirname, 'work-probe.mjs')).href;

/** Files that a start loads until it has answered: from the sources it is eight hundred. */
const MOST_MODULES = 60;

/** One a call, and what looks now and then whether another process changed a key. */
const MOST_RUN = 1010;

interface Counts {
  readonly loaded: number;
  /** Statements compiled. */
  readonly prepared: number;
  /** Reads of the keys' table: a key verified by the database and not by what is known of it. */
  readonly keyReads: number;
  /** Statements run, whatever they are. */
  readonly run: number;
}

/** A door and what goes through it. */
interface Passage {
  readonly what: string;
  readonly tools: number;
  readonly calls: (tools: number) => readonly Call[];
}

const PASSAGES: readonly Passage[] = [
  { what: 'MCP tools/call', tools: 10, calls: mcpCalls },
  { what: 'REST invoke', tools: 10, calls: restCalls },
  { what: 'MCP tools/call of 1000 tools', tools: 1000, calls: mcpCalls },
];

export const work: Scenario = {
  name: 'work',
  async run(bench): Promise<Findings> {
    const rows: string[][] = [];
    const gates: (Gate | Goal)[] = [];
    for (const [at, { what, tools, calls }] of PASSAGES.entries()) {
      await probed(bench, tools, async (subject, counts) => {
        const { loaded } = await counts();
        if (at === 0) gates.push(atMost('modules loaded before the first answer', loaded, MOST_MODULES));
        // Twice: a statement's first run is in another process, which judges whether this one may run it.
        await learn(subject, calls(tools));
        await learn(subject, calls(tools));
        const cold = await counts();
        await learn(subject, calls(tools));
        const warm = await counts();
        const prepared = warm.prepared - cold.prepared;
        const keyReads = warm.keyReads - cold.keyReads;
        rows.push([what, String(loaded), String(prepared), String(keyReads), String(warm.run - cold.run)]);
        gates.push(atMost(`${what}: statements prepared by 1000 warm calls`, prepared, 0));
        gates.push(atMost(`${what}: statements run by 1000 warm calls`, warm.run - cold.run, MOST_RUN));
        gates.push(atMost(`${what}: keys read from the database by 1000 warm calls`, keyReads, 0));
        // Zeros prove nothing unless the probe sees what there is to see.
        const seen = `${cold.prepared} prepared, ${cold.keyReads} read`;
        gates.push({
          what: `${what}: the probe sees cold calls`,
          seen,
          passed: cold.prepared > 0 && cold.keyReads > 0,
        });
      });
    }
    const header = ['1000 warm calls', 'modules at start', 'prepared', 'keys read', 'statements run'];
    return { tables: [{ title: 'work', header, rows }], gates };
  },
};

/** A server of so many tools with the probe in it. */
async function probed(
  bench: Bench,
  tools: number,
  use: (subject: Running, counts: () => Promise<Counts>) => Promise<void>,
): Promise<void> {
  const file = join(bench.folder, `work-${tools}.yaml`);
  const record = join(bench.folder, 'work.log');
  await writeFile(file, sqliteTools(bench.hotels, tools));
  await writeFile(record, '');
  const subject = await start(bench.chatelaine, file, { NODE_OPTIONS: `--import=${PROBE}`, WORK_RECORD: record });
  try {
    await use(subject, () => read(record));
  } finally {
    await subject.stop();
  }
}

async function read(record: string): Promise<Counts> {
  const counts = { loaded: 0, prepared: 0, keyReads: 0, run: 0 };
  for (const line of (await readFile(record, 'utf8')).split('\n')) {
    if (line === '') continue;
    const { kind, what } = JSON.parse(line) as { kind: 'load' | 'prepare' | 'run'; what: string };
    if (kind === 'load') counts.loaded++;
    else if (kind === 'prepare') counts.prepared++;
    else counts.run++;
    if (kind === 'run' && /^\s*select\b.*\bapi_keys\b/is.test(what)) counts.keyReads++;
  }
  return counts;
}
