/**
 * The other scenarios count on it that one wrong byte ends them. Here it must: replies that differ from
 * the right one in a byte, and in length.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listCalls } from '../data/calls.ts';
import { withBody } from '../load/exchanges.ts';
import type { Gate } from '../report/gate.ts';
import { bare } from '../subjects/starters.ts';
import { start } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const GIVEN = '{"stars":4}';
const EXPECTED = [
  { expected: GIVEN, wrong: false, what: 'takes a right reply' },
  { expected: '{"stars":5}', wrong: true, what: 'notices a wrong byte' },
  { expected: '{"stars":45}', wrong: true, what: 'notices a wrong length' },
];

export const generatorCheck: Scenario = {
  name: 'generator',
  async run(bench): Promise<Findings> {
    const file = join(bench.folder, 'generator.body');
    await writeFile(file, GIVEN);
    const subject = await start(bare, file);
    const gates: Gate[] = [];
    try {
      for (const { expected, wrong, what } of EXPECTED) {
        bench.generator.target(subject.name, subject.port, withBody(subject, listCalls(1), Buffer.from(expected)));
        const seen = await bench.generator
          .run(subject.name, 2, 20, () => undefined)
          .then(
            ({ requests }) => `${requests} right replies`,
            (error: Error) => error.message,
          );
        gates.push({ what: `the load generator ${what}`, seen, passed: seen.startsWith('a wrong reply') === wrong });
      }
    } finally {
      await subject.stop();
    }
    return { tables: [], gates };
  },
};
