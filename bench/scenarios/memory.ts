/** Resident memory with 1,000 tools: when it answers first, and after load on calls and lists. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listCalls, mcpCalls } from '../data/calls.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn } from '../load/exchanges.ts';
import { residentBytes } from '../../test/process-costs.ts';
import { atMost } from '../report/gate.ts';
import { start } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const TOOLS = 1000;
const CONNECTIONS = 64;
const MOST_AT_READY = 150;
const MOST_UNDER_LOAD = 220;

const MEGABYTE = 1e6;

export const memory: Scenario = {
  name: 'memory',
  async run(bench): Promise<Findings> {
    const file = join(bench.folder, 'memory.yaml');
    await writeFile(file, sqliteTools(bench.hotels, TOOLS));
    const rows: (readonly string[])[] = [];
    const own = { ready: 0, loaded: 0 };
    for (const starter of [bench.chatelaine, ...(bench.toolbox === undefined ? [] : [bench.toolbox])]) {
      const subject = await start(starter, file);
      try {
        const ready = residentBytes(subject.pid);
        let highest = ready;
        for (const calls of [mcpCalls(TOOLS), listCalls(TOOLS)]) {
          bench.generator.target(subject.name, subject.port, await learn(subject, calls));
          await bench.generator.run(subject.name, CONNECTIONS, 2 * bench.effort.roundMs, () => {
            const now = residentBytes(subject.pid);
            if (now.own > highest.own) highest = now;
          });
        }
        const cells = [ready, highest].flatMap(({ own, children }) => [megabytes(own), megabytes(children)]);
        rows.push([subject.name, ...cells]);
        if (starter === bench.chatelaine) Object.assign(own, { ready: ready.own, loaded: highest.own });
      } finally {
        await subject.stop();
      }
    }
    return {
      tables: [
        {
          title: `resident memory with ${TOOLS} tools, MB`,
          header: ['who', 'at ready', 'its children', `under load, c=${CONNECTIONS}`, 'its children'],
          rows,
        },
      ],
      gates: [
        atMost('memory at ready, MB', own.ready / MEGABYTE, MOST_AT_READY),
        atMost('memory under load, MB', own.loaded / MEGABYTE, MOST_UNDER_LOAD),
      ],
    };
  },
};

const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(0);
