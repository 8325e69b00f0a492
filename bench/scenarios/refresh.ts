/** Refresh tokens in rotation, over HTTP against a server process: each answer is committed and on record before it leaves. */
import { startPostgres } from '../../test/postgres-server.ts';
import { sqliteTools } from '../data/tools.ts';
import { Families, refreshAll, type RefreshRun } from '../load/families.ts';
import { cpuSeconds } from '../../test/process-costs.ts';
import { spread } from '../measure/statistics.ts';
import { atLeast, atMost, goal, short, shortSpread, type Gate, type Goal } from '../report/gate.ts';
import { startIssuing, type Issuing } from '../subjects/issuing.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

/** A server has this many sign-ins that refresh, over so many connections. */
const FAMILIES = 64;
const CONNECTIONS = 16;
/** What a hundred thousand clients ask for that refresh every quarter of an hour: a goal, since the machine is not ours alone. */
const WANTED_PER_SECOND = 150;
/** Floors, by state: how many a second of the server's CPU time does, a quarter below what several runs showed. */
const LEAST_PER_CPU_SECOND: Readonly<Record<string, number>> = { SQLite: 250, PostgreSQL: 140 };
const WARM_UP_MS = 4000;
/** As clients of MCP ask: for what the tools want, and not who somebody is. */
const SCOPE = 'hotels.read';

interface Round extends RefreshRun {
  readonly perSecond: number;
  readonly cpu: number;
}

export const refresh: Scenario = {
  name: 'refresh',
  async run(bench): Promise<Findings> {
    const measured = new Map<string, readonly Round[]>();
    measured.set('SQLite', await measure(bench, undefined));
    const server = await startPostgres();
    try {
      const { host, port, user, password } = server;
      const database = { type: 'postgres', host, port, user, password, database: 'postgres' };
      measured.set('PostgreSQL', await measure(bench, database));
    } finally {
      await server.stop();
    }
    return {
      tables: [
        {
          title: `refresh with rotation, ${FAMILIES} sign-ins`,
          header: ['state', 'c', 'refreshes/s', 'CPU µs', 'p50 ms', 'p99 ms', 'errors'],
          rows: [...measured].map(([name, rounds]) => [
            ...[name, String(CONNECTIONS), shortSpread(spread(rounds.map(({ perSecond }) => perSecond)))],
            ...(['cpu', 'p50', 'p99'] as const).map((of) => short(spread(rounds.map((round) => round[of])).median)),
            String(rounds.reduce((sum, { errors }) => sum + countOf(errors), 0)),
          ]),
        },
      ],
      gates: [...measured].flatMap(([name, rounds]) => gatesOf(name, rounds)),
    };
  },
};

function gatesOf(name: string, rounds: readonly Round[]): (Gate | Goal)[] {
  const perSecond = spread(rounds.map((round) => round.perSecond)).median;
  // Other programs make a refresh dearer and never cheaper.
  const cheapest = spread(rounds.map((round) => round.cpu)).low;
  const errors = rounds.flatMap((round) => [...round.errors]);
  const first = errors[0] === undefined ? '' : ` (${errors[0][0]})`;
  return [
    atLeast(`refresh, ${name}: refreshes a second of CPU`, 1e6 / cheapest, LEAST_PER_CPU_SECOND[name] as number),
    goal(atLeast(`refresh, ${name}: refreshes a second`, perSecond, WANTED_PER_SECOND)),
    atMost(
      `refresh, ${name}: errors${first}`,
      errors.reduce((sum, [, count]) => sum + count, 0),
      0,
    ),
  ];
}

async function measure(bench: Bench, database: Readonly<Record<string, unknown>> | undefined): Promise<Round[]> {
  const { folder, hotels, chatelaine } = bench;
  const issuing = await startIssuing({ folder, database, tools: sqliteTools(hotels, 1, [SCOPE]), env: chatelaine.env });
  try {
    const families = new Families(await issuing.signIns(FAMILIES, SCOPE));
    await round(issuing, families, WARM_UP_MS);
    const rounds: Round[] = [];
    for (let at = 0; at < bench.effort.rounds; at++) rounds.push(await round(issuing, families, bench.effort.roundMs));
    return rounds;
  } finally {
    await issuing.stop();
  }
}

async function round({ url, pid }: Issuing, families: Families, ms: number): Promise<Round> {
  const before = cpuSeconds(pid);
  const run = await refreshAll(url, families, CONNECTIONS, AbortSignal.timeout(ms));
  const spent = cpuSeconds(pid) - before;
  return { ...run, perSecond: (run.refreshes / run.elapsedMs) * 1000, cpu: (spent / run.refreshes) * 1e6 };
}

const countOf = (errors: RefreshRun['errors']): number => [...errors.values()].reduce((sum, count) => sum + count, 0);
