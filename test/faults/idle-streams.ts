/** Ten thousand streams on which nothing happens (H2): what each costs, beside a server of nothing but Node. */
import { setTimeout as pause } from 'node:timers/promises';
import { bareCost, holdingStreams, MOST_KIB, TIMES_BARE, WARM } from '../idle-streams/weigh.ts';
import { cpuSeconds } from '../process-costs.ts';
import { descriptorsOf } from './inside.ts';
import { holds, timely, type Trial, type Verdict } from './trial.ts';

const STREAMS = { short: 1_000, long: 10_000 } as const;
/** `OpenStreams`: a comment every 15 seconds. So long we look. */
const KEEP_ALIVE_MS = 15_000;
const LATE_MS = 3_000;
const MOST_OF_A_CORE = 0.2;
const FREED_MS = 5_000;
/** A few connections of others come and go. */
const OTHERS = 20;

export const idleStreams: Trial = {
  name: 'idle-streams',
  async run({ short, progress }) {
    const count = STREAMS[short ? 'short' : 'long'];
    progress('a bare server');
    const bare = await bareCost(count);
    return await holdingStreams(count, async ({ pid, client, opened, kib, descriptors }) => {
      progress(`${opened.open} streams`);
      const { arrivals: first } = await client.count();
      const [from, spent] = [performance.now(), cpuSeconds(pid)];
      await pause(KEEP_ALIVE_MS + LATE_MS);
      const cores = (cpuSeconds(pid) - spent) / ((performance.now() - from) / 1000);
      const kept = await client.count();
      const quiet = kept.arrivals.filter((times, at) => times <= (first[at] ?? 0)).length;
      await client.close();
      const freedMs = await freed(pid, descriptors - WARM);
      return [
        holds(`${count} streams open`, opened.open === count + WARM, `${opened.open} ${opened.refused.join(', ')}`),
        ...judgeCost(kib, bare),
        holds(
          'each hears something within 15 s',
          quiet === 0 && kept.ended === 0,
          `${quiet} did not, ${kept.ended} ended`,
        ),
        timely(`at most ${MOST_OF_A_CORE} of a core`, cores <= MOST_OF_A_CORE, cores.toFixed(2)),
        timely(`descriptors are free within ${FREED_MS} ms`, freedMs <= FREED_MS, `${Math.round(freedMs)} ms`),
      ];
    });
  },
};

/** Per stream, in KiB of resident memory without garbage. */
function judgeCost(kib: number, bare: number): readonly Verdict[] {
  const seen = `${kib.toFixed(1)} KiB, a bare server ${bare.toFixed(1)} KiB`;
  return [
    timely(`a stream costs at most ${MOST_KIB} KiB`, kib <= MOST_KIB, seen),
    timely(`and at most ${TIMES_BARE} times what it costs a bare server`, kib <= TIMES_BARE * bare, seen),
  ];
}

async function freed(pid: number, wanted: number): Promise<number> {
  const since = performance.now();
  for (;;) {
    const ms = performance.now() - since;
    if (descriptorsOf(pid) <= wanted + OTHERS || ms > 2 * FREED_MS) return ms;
    await pause(20);
  }
}
