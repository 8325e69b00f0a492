/** A call among 1,000 tools costs what it costs among 10: tools are found by name, not by looking. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mcpCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn } from '../load/exchanges.ts';
import { compare } from '../measure/compare.ts';
import { atMost, short, shortSpread } from '../report/gate.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const SIZES = [10, 1000] as const;
const CONNECTIONS = 16;
const MOST = 1.1;

export const growth: Scenario = {
  name: 'growth',
  async run(bench): Promise<Findings> {
    const running = new Map<string, Running>();
    try {
      for (const size of SIZES) {
        const file = join(bench.folder, `growth-${size}.yaml`);
        await writeFile(file, sqliteTools(bench.hotels, size));
        const subject = await start(bench.chatelaine, file);
        const name = `${size} tools`;
        running.set(name, subject);
        // All of them are called in turn.
        bench.generator.target(name, subject.port, await learn(subject, mcpCalls(size)));
      }
      const contenders = [...running].map(([name, { pid }]) => ({ name, pid }));
      const comparison = await compare(bench.generator, contenders, CONNECTIONS, bench.effort);
      const ratio = comparison.thrift('10 tools', '1000 tools');
      return {
        tables: [
          {
            title: 'MCP tools/call among many tools',
            header: ['tools', 'c', 'req/s', 'CPU µs', 'CPU against 10 tools'],
            rows: contenders.map(({ name }) => [
              ...[name, String(CONNECTIONS), short(comparison.figure(name, 'perSecond').median)],
              ...[short(comparison.figure(name, 'cpu').median), name === '10 tools' ? '1' : shortSpread(ratio)],
            ]),
          },
        ],
        gates: [atMost('tools/call: CPU among 1000 tools against among 10', ratio.median, MOST)],
      };
    } finally {
      await Promise.all([...running.values()].map((subject) => subject.stop()));
    }
  },
};
