/**
 * A call under 1,000 policies costs what it costs under 10: the few that are about it are found once, and what they
 * decided is remembered.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mcpCalls } from '../data/calls.ts';
import { LIMITS, policies } from '../data/policies.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn } from '../load/exchanges.ts';
import { compare } from '../measure/compare.ts';
import { atMost, short, shortSpread } from '../report/gate.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const TOOLS = 10;
const CONNECTIONS = 16;
const COUNTS = [10, 1000] as const;
const [FEW, MANY] = COUNTS;
const MOST = 1.2;

/** Two processes each, of which the cheaper one counts, as in `growth.ts`. */
const processesOf = (count: number): readonly [string, string] => [`${count} policies`, `${count} policies, once more`];

export const policyGrowth: Scenario = {
  name: 'policy-growth',
  async run(bench): Promise<Findings> {
    const running = new Map<string, Running>();
    try {
      for (const count of COUNTS) {
        const file = join(bench.folder, `policies-${count}.yaml`);
        await writeFile(file, policies(count) + LIMITS + sqliteTools(bench.hotels, TOOLS));
        for (const process of processesOf(count)) {
          const subject = await start(bench.chatelaine, file);
          running.set(process, subject);
          bench.generator.target(process, subject.port, await learn(subject, mcpCalls(TOOLS)));
        }
      }
      const contenders = [...running].map(([name, { pid }]) => ({ name, pid }));
      const comparison = await compare(bench.generator, contenders, CONNECTIONS, {
        ...bench.effort,
        rounds: bench.effort.rounds * 2,
      });
      const lowest = (count: number): number =>
        Math.min(...processesOf(count).map((process) => comparison.figure(process, 'cpu').low));
      const [few] = processesOf(FEW);
      return {
        tables: [
          {
            title: 'MCP tools/call under policies and a limit',
            header: ['policies', 'c', 'req/s', 'CPU µs', 'CPU against 10'],
            rows: COUNTS.map((count) => {
              const [name] = processesOf(count);
              const against = count === FEW ? '1' : shortSpread(comparison.thrift(few, name));
              return [
                ...[String(count), String(CONNECTIONS), short(comparison.figure(name, 'perSecond').median)],
                ...[short(comparison.figure(name, 'cpu').median), against],
              ];
            }),
          },
        ],
        gates: [atMost('tools/call: CPU under 1000 policies against under 10', lowest(MANY) / lowest(FEW), MOST)],
      };
    } finally {
      await Promise.all([...running.values()].map((subject) => subject.stop()));
    }
  },
};
