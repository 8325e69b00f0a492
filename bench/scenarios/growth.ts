/**
 * A call among 1,000 tools costs what it costs among 10: a tool is found by its name, not by looking.
 * Calls of all 1,000 in turn are shown beside it: what is kept per tool must then be kept for all.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mcpCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn } from '../load/exchanges.ts';
import { compare } from '../measure/compare.ts';
import type { Spread } from '../measure/statistics.ts';
import { atMost, goal, short, shortSpread } from '../report/gate.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const CONNECTIONS = 16;
/** A tenth is what it may grow by; another tenth is what two runs of the same differ by. */
const MOST = 1.2;
/** A thousand statements do not stay in a processor's caches. */
const MOST_FOR_ALL = 1.4;

/** How many tools there are, and how many of them are called in turn. */
const CASES = [
  { name: 'the 10 there are', tools: 10, called: 10 },
  { name: '10 of 1000', tools: 1000, called: 10 },
  { name: 'all of 1000', tools: 1000, called: 1000 },
] as const;
const [FEW, SOME, ALL] = CASES;

/**
 * Two processes each, of which the cheaper one counts: processes of the same program differ by more than what
 * is looked for, by what V8 happened to compile in which order.
 */
const processesOf = (name: string): readonly [string, string] => [name, `${name}, once more`];

export const growth: Scenario = {
  name: 'growth',
  async run(bench): Promise<Findings> {
    const running = new Map<string, Running>();
    try {
      for (const { name, tools, called } of CASES) {
        const file = join(bench.folder, `growth-${tools}.yaml`);
        await writeFile(file, sqliteTools(bench.hotels, tools));
        for (const process of processesOf(name)) {
          const subject = await start(bench.chatelaine, file);
          running.set(process, subject);
          bench.generator.target(process, subject.port, await learn(subject, mcpCalls(called)));
        }
      }
      const contenders = [...running].map(([name, { pid }]) => ({ name, pid }));
      const effort = { ...bench.effort, rounds: bench.effort.rounds * 2 };
      const comparison = await compare(bench.generator, contenders, CONNECTIONS, effort);
      const cost = (name: string): Spread => comparison.thrift(FEW.name, name);
      const lowest = (name: string): number =>
        Math.min(...processesOf(name).map((process) => comparison.figure(process, 'cpu').low));
      // Who calls all 1,000 does whatever who calls 10 of them does, and more: the cheaper of both bounds the cost.
      const among = Math.min(lowest(SOME.name), lowest(ALL.name)) / lowest(FEW.name);
      return {
        tables: [
          {
            title: 'MCP tools/call among many tools',
            header: ['called', 'c', 'req/s', 'CPU µs', 'CPU against 10'],
            rows: CASES.map(({ name }) => [
              ...[name, String(CONNECTIONS), short(comparison.figure(name, 'perSecond').median)],
              ...[short(comparison.figure(name, 'cpu').median), name === FEW.name ? '1' : shortSpread(cost(name))],
            ]),
          },
        ],
        gates: [
          atMost('tools/call: CPU among 1000 tools against among 10', among, MOST),
          goal(
            atMost(
              'tools/call: CPU when all of 1000 are called in turn',
              lowest(ALL.name) / lowest(FEW.name),
              MOST_FOR_ALL,
            ),
          ),
        ],
      };
    } finally {
      await Promise.all([...running.values()].map((subject) => subject.stop()));
    }
  },
};
