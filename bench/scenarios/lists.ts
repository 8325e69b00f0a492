/** `tools/list` of 10, 100 and 1,000 tools: it may grow by its bytes, and by nothing per tool. */
import { listCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import type { Comparison } from '../measure/compare.ts';
import { atMost, type Gate, type Goal } from '../report/gate.ts';
import { duel, DUEL_HEADER } from './duel.ts';
import type { Findings, Scenario } from './scenario.ts';

const SIZES = [10, 100, 1000] as const;
const CONNECTIONS = 16;
/** Floors of C against the bare server, by size. */
const FLOORS: Readonly<Record<number, number>> = { 10: 0.42, 100: 0.45, 1000: 0.5 };
const GOAL_OF_THE_LONGEST = 20;
/** What a tool more costs, against the bare server that sends as many bytes more. */
const MOST_PER_TOOL = 1.6;

export const lists: Scenario = {
  name: 'list',
  async run(bench): Promise<Findings> {
    const rows: (readonly string[])[] = [];
    const gates: (Gate | Goal)[] = [];
    const comparisons = new Map<number, Comparison>();
    for (const size of SIZES) {
      const outcome = await duel(bench, {
        what: `tools/list of ${size}`,
        configuration: sqliteTools(bench.hotels, size),
        calls: listCalls(size),
        connections: [CONNECTIONS],
        floors: { [CONNECTIONS]: FLOORS[size] as number },
        ...(size === 1000 && { goal: GOAL_OF_THE_LONGEST }),
      });
      rows.push(...outcome.rows);
      gates.push(...outcome.gates);
      comparisons.set(size, outcome.comparisons.get(CONNECTIONS) as Comparison);
    }
    const more = (subject: 'chatelaine' | 'bare'): number => {
      const cpu = (size: number): number => (comparisons.get(size) as Comparison).figure(subject, 'cpu').low;
      return cpu(1000) - cpu(10);
    };
    gates.push(
      atMost(
        'tools/list: CPU of 990 tools more, in that of their bytes',
        more('chatelaine') / more('bare'),
        MOST_PER_TOOL,
      ),
    );
    return { tables: [{ title: 'tools/list', header: DUEL_HEADER, rows }], gates };
  },
};
