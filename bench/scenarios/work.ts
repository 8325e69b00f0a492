/**
 * Work that must not be done, counted instead of timed: no noise, so the gates are exact. A probe in the
 * server's process (`work-probe.mjs`) writes down each module it loads and each use of SQLite.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { echoCalls, mcpCalls, restCalls } from '../data/calls.ts';
import { LIMITS, policies } from '../data/policies.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn, type Call } from '../load/exchanges.ts';
import { atMost, type Gate, type Goal } from '../report/gate.ts';
import { withIssuer, type Authenticated } from './authenticated.ts';
import { countsOf, ECHO_DOOR, echoDocuments, untilListed, withEcho, type EchoCounts } from '../subjects/federation.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

const PROBE = pathToFileURL(join(import.meta.dirname, 'work-probe.mjs')).href;

/** Files that a start loads until it has answered: from the sources it is eight hundred. */
const MOST_MODULES = 20;

/** One a call, and now and then what writes down when a key was used, or asks anew who somebody is. */
const MOST_RUN = { key: 1010, token: 1020 };
/** Of calls of a server behind, which ask no database. */
const MOST_RUN_BEHIND = 10;
/** Connections to it: one more where calls happen to meet as never before. */
const MOST_OPENED = 2;
/** Transactions, of which each waits for the disk on SQLite, and every call with it: what is due by the clock. */
const MOST_COMMITS = 20;
/** Sums of how tools are used: written every few seconds, whoever called. */
const BY_THE_CLOCK = 'insert into "tool_usage"';

interface Counts {
  readonly loaded: number;
  /** Statements compiled. */
  readonly prepared: number;
  /** Reads of the keys' table: a key verified by the database and not by what is known of it. */
  readonly keyReads: number;
  /** Statements run; but not the looks whether another process changed anything, which go by the clock. */
  readonly run: number;
  readonly committed: number;
  /** Signatures of tokens verified. */
  readonly verified: number;
  /** Policies evaluated by Cedar. */
  readonly evaluated: number;
}

/** A door and what goes through it. */
interface Passage {
  readonly what: string;
  readonly tools: number;
  readonly calls: readonly Call[];
  /** What proves who calls, and whether that is looked for in the probe's record of cold calls. */
  readonly by: 'key' | 'token';
  /** Documents beside the tools. */
  readonly documents?: string;
  /** Whether any of its policies is one that Cedar is needed for: those of a new installation are not. */
  readonly byCedar?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** The MCP server that its calls are passed on to. */
  readonly behind?: Running;
}

const passages = ({ authService, tokens, withTokens }: Authenticated, behind: Running): readonly Passage[] => [
  { what: 'MCP tools/call', tools: 10, calls: mcpCalls(10), by: 'key' },
  { what: 'REST invoke', tools: 10, calls: restCalls(10), by: 'key' },
  { what: 'MCP tools/call of 1000 tools', tools: 1000, calls: mcpCalls(1000), by: 'key' },
  {
    ...{ what: 'MCP tools/call with 1000 tokens', tools: 10, calls: withTokens(mcpCalls(10)), by: 'token' },
    ...{ documents: authService, headers: { Authorization: `Bearer ${tokens[0]}` } },
  },
  {
    ...{ what: 'MCP tools/call with 1000 tokens under 100 policies and a limit', tools: 10, by: 'token' },
    ...{ calls: withTokens(mcpCalls(10)), documents: policies(100) + LIMITS + authService, byCedar: true },
    headers: { Authorization: `Bearer ${tokens[0]}` },
  },
  {
    what: 'MCP tools/call under 1000 policies and a limit',
    ...{ tools: 10, calls: mcpCalls(10), by: 'key', documents: policies(1000) + LIMITS, byCedar: true },
  },
  {
    what: 'MCP tools/call of a server behind',
    ...{ tools: 10, calls: echoCalls(ECHO_DOOR), by: 'key' },
    ...{ behind, documents: `${echoDocuments(behind)}---\n` },
  },
];

export const work: Scenario = {
  name: 'work',
  run: (bench) => withIssuer((issued) => withEcho((behind) => counted(bench, passages(issued, behind)))),
};

async function counted(bench: Bench, all: readonly Passage[]): Promise<Findings> {
  const rows: string[][] = [];
  const gates: (Gate | Goal)[] = [];
  for (const [at, passage] of all.entries()) {
    const { what, calls, by, byCedar = false, behind } = passage;
    await probed(bench, passage, async (subject, counts) => {
      const { loaded } = await counts();
      if (at === 0) gates.push(atMost('modules loaded before the first answer', loaded, MOST_MODULES));
      if (behind !== undefined) await untilListed(subject, calls);
      // Twice: a statement's first run is in another process, which judges whether this one may run it.
      await learn(subject, calls);
      await learn(subject, calls);
      const cold = await atRest(counts);
      const asked = behind && (await countsOf(behind));
      await learn(subject, calls);
      const warm = await counts();
      if (behind !== undefined && asked !== undefined) gates.push(...passedOn(what, asked, await countsOf(behind)));
      const prepared = warm.prepared - cold.prepared;
      const keyReads = warm.keyReads - cold.keyReads;
      const verified = warm.verified - cold.verified;
      const evaluated = warm.evaluated - cold.evaluated;
      const committed = warm.committed - cold.committed;
      rows.push([
        what,
        ...[loaded, prepared, keyReads, verified, evaluated, warm.run - cold.run, committed].map(String),
      ]);
      gates.push(atMost(`${what}: statements prepared by 1000 warm calls`, prepared, 0));
      gates.push(
        atMost(
          `${what}: statements run by 1000 warm calls`,
          warm.run - cold.run,
          behind ? MOST_RUN_BEHIND : MOST_RUN[by],
        ),
      );
      gates.push(atMost(`${what}: evaluations of policies by 1000 warm calls`, evaluated, 0));
      gates.push(atMost(`${what}: transactions by 1000 warm calls`, committed, MOST_COMMITS));
      if (by === 'key') gates.push(atMost(`${what}: keys read from the database by 1000 warm calls`, keyReads, 0));
      else gates.push(atMost(`${what}: signatures verified by 1000 warm calls`, verified, 0));
      // Zeros prove nothing unless the probe sees what there is to see.
      const looked = by === 'key' ? cold.keyReads : cold.verified;
      const seen = `${cold.prepared} prepared, ${looked} ${by === 'key' ? 'read' : 'verified'}, ${cold.evaluated} evaluated`;
      const passed = cold.prepared > 0 && looked > 0 && cold.evaluated > 0 === byCedar;
      gates.push({ what: `${what}: the probe sees cold calls`, seen, passed });
    });
  }
  const header = [
    '1000 warm calls',
    'modules at start',
    'prepared',
    'keys read',
    'verified',
    'evaluated',
    'statements run',
    'transactions',
  ];
  return { tables: [{ title: 'work', header, rows }], gates };
}

/** A call is one request: over connections that are open, and without asking again what the server is and offers. */
function passedOn(what: string, before: EchoCounts, after: EchoCounts): readonly Gate[] {
  const of = (method: string): number => (after.methods[method] ?? 0) - (before.methods[method] ?? 0);
  const calls = of('tools/call');
  return [
    atMost(`${what}: connections opened by 1000 warm calls`, after.connections - before.connections, MOST_OPENED),
    atMost(`${what}: probes by 1000 warm calls`, of('server/discover'), 0),
    atMost(`${what}: lists fetched by 1000 warm calls`, of('tools/list'), 0),
    { what: `${what}: calls passed on by 1000 warm calls`, seen: String(calls), passed: calls === 1000 },
  ];
}

/** What a start and first calls leave to do is done by itself, behind them: pins, sums, who was met. */
const REST_MS = 700;

/** The counts when nothing was run for a while. */
async function atRest(counts: () => Promise<Counts>): Promise<Counts> {
  for (let before = await counts(); ;) {
    await pause(REST_MS);
    const now = await counts();
    if (now.run === before.run) return now;
    before = now;
  }
}

/** A server of so many tools with the probe in it. */
async function probed(
  bench: Bench,
  { tools, documents = '', headers = bench.chatelaine.headers }: Passage,
  use: (subject: Running, counts: () => Promise<Counts>) => Promise<void>,
): Promise<void> {
  const file = join(bench.folder, `work-${tools}-${documents.length}.yaml`);
  const record = join(bench.folder, 'work.log');
  await writeFile(file, documents + sqliteTools(bench.hotels, tools));
  await writeFile(record, '');
  const subject = await start({ ...bench.chatelaine, headers }, file, {
    NODE_OPTIONS: `--import=${PROBE}`,
    WORK_RECORD: record,
  });
  try {
    await use(subject, () => read(record));
  } finally {
    await subject.stop();
  }
}

async function read(record: string): Promise<Counts> {
  const counts = { loaded: 0, prepared: 0, keyReads: 0, run: 0, committed: 0, verified: 0, evaluated: 0 };
  for (const line of (await readFile(record, 'utf8')).split('\n')) {
    if (line === '') continue;
    const { kind, what } = JSON.parse(line) as {
      kind: 'load' | 'prepare' | 'run' | 'verify' | 'evaluate';
      what: string;
    };
    if (kind === 'load') counts.loaded++;
    else if (what.startsWith(BY_THE_CLOCK)) continue;
    else if (kind === 'prepare') counts.prepared++;
    else if (kind === 'verify') counts.verified++;
    else if (kind === 'evaluate') counts.evaluated++;
    else if (what !== 'pragma data_version') counts.run++;
    if (kind === 'run' && what === 'commit') counts.committed++;
    if (kind === 'run' && /^\s*select\b.*\bapi_keys\b/is.test(what)) counts.keyReads++;
  }
  return counts;
}
