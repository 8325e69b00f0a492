/** From asking for the process to the first answer to `tools/list`, with few tools and with many. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sqliteTools } from '../data/tools.ts';
import { threadSeconds } from '../../test/process-costs.ts';
import { spread, type Spread } from '../measure/statistics.ts';
import { atMost, goal, short, shortSpread, type Gate, type Goal } from '../report/gate.ts';
import { bare, fromSources } from '../subjects/starters.ts';
import { start, type Starter } from '../subjects/subject.ts';
import type { Findings, Scenario } from './scenario.ts';

const FEW = 10;
const MANY = 1000;
/**
 * Against bare node:http, which is Node's own start. Gates are ratios of two starts of the same round: what the
 * machine does meanwhile meets both. The least of all would compare the luckiest with the luckiest.
 */
const MOST_OF_BARE = 4;
/** In CPU of bare starts: a third more than the median of several runs. The goal, a tenth of a millisecond per tool, would be one. */
const MOST_FOR_TOOLS = 4.5;
const MOST_PER_TOOL_MS = 0.1;
const MOST_OF_TOOLBOX = 0.6;

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

export const starts: Scenario = {
  name: 'start',
  async run(bench): Promise<Findings> {
    const files = new Map<number, string>();
    for (const size of [FEW, MANY]) {
      const file = join(bench.folder, `start-${size}.yaml`);
      await writeFile(file, sqliteTools(bench.hotels, size));
      files.set(size, file);
    }
    const few = files.get(FEW) as string;
    const many = files.get(MANY) as string;
    const body = join(bench.folder, 'start.body');
    await writeFile(body, '{}');
    const entrants: { name: string; starter: Starter; file: string }[] = [
      { name: 'bare', starter: bare, file: body },
      { name: `chatelaine, ${FEW} tools`, starter: bench.chatelaine, file: few },
      { name: `chatelaine, ${MANY} tools`, starter: bench.chatelaine, file: many },
      { name: `its sources, ${FEW} tools`, starter: fromSources(bench.chatelaine), file: few },
    ];
    if (bench.toolbox !== undefined) {
      entrants.push({ name: `toolbox, ${FEW} tools`, starter: bench.toolbox, file: few });
      entrants.push({ name: `toolbox, ${MANY} tools`, starter: bench.toolbox, file: many });
    }
    const measured = new Map(entrants.map(({ name }): [string, Start[]] => [name, []]));
    for (let round = 0; round <= bench.starts; round++) {
      for (const { name, starter, file } of round % 2 === 0 ? entrants : entrants.toReversed()) {
        const subject = await start(starter, file);
        const cpuMs = threadSeconds(subject.pid) * 1000;
        await subject.stop();
        if (round > 0) measured.get(name)?.push({ ms: subject.startMs, cpuMs });
      }
    }
    return findings(measured);
  },
};

function findings(measured: ReadonlyMap<string, readonly Start[]>): Findings {
  /** As a multiple of the other's in the same round. */
  const ratio = (name: string, anchor: string, of: keyof Start = 'ms'): Spread => {
    const others = measured.get(anchor) ?? [];
    return spread((measured.get(name) ?? []).map((start, round) => start[of] / (others[round]?.[of] ?? Number.NaN)));
  };
  const [few, many, rival] = [`chatelaine, ${FEW} tools`, `chatelaine, ${MANY} tools`, `toolbox, ${MANY} tools`];
  // The least of each: whatever else the machine does makes a start longer and never shorter.
  const least = (name: string, of: keyof Start): number =>
    Math.min(...(measured.get(name) ?? []).map((start) => start[of]));
  const more = (of: keyof Start): number => least(many, of) - least(few, of);
  const tools = (measured.get(many) ?? []).map(({ cpuMs }, round) => {
    const [small, nothing] = [measured.get(few)?.[round], measured.get('bare')?.[round]];
    return (cpuMs - (small?.cpuMs ?? Number.NaN)) / (nothing?.cpuMs ?? Number.NaN);
  });
  const gates: (Gate | Goal)[] = [
    atMost(`start with ${FEW} tools against bare node:http`, ratio(few, 'bare').median, MOST_OF_BARE),
    atMost(`start: CPU of ${MANY - FEW} tools more, in starts of bare node:http`, spread(tools).median, MOST_FOR_TOOLS),
    goal(atMost('start: ms per tool', more('ms') / (MANY - FEW), MOST_PER_TOOL_MS)),
  ];
  if (measured.has(rival)) {
    gates.push(goal(atMost(`start with ${MANY} tools against Toolbox`, ratio(many, rival).median, MOST_OF_TOOLBOX)));
  }
  return {
    tables: [
      {
        title: 'start to the first answer to tools/list',
        header: ['who', 'ms', 'CPU ms', 'ms / bare', 'CPU / bare'],
        rows: [...measured].map(([name, all]) => [
          ...[name, shortSpread(spread(all.map(({ ms }) => ms))), short(spread(all.map(({ cpuMs }) => cpuMs)).median)],
          ...(['ms', 'cpuMs'] as const).map((of) => short(ratio(name, 'bare', of).median)),
        ]),
      },
    ],
    gates,
  };
}
