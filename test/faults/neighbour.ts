/**
 * A server beside the one that is tried, which no fault reaches: what its callers wait for is the machine, which others
 * work on as well.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sample } from './judge.ts';
import { ask, keptAlive, SteadyLoad } from './load.ts';

const PROGRAM = join(import.meta.dirname, 'neighbour-process.mjs');
const PER_SECOND = 20;

export interface Neighbour {
  /** What its callers saw. */
  readonly samples: readonly Sample[];
  stop(): Promise<void>;
}

/** Starts it, with a steady load. */
export async function startNeighbour(): Promise<Neighbour> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const agent = keptAlive();
  const load = new SteadyLoad(PER_SECOND, () => ask(new URL(`http://127.0.0.1:${port}`), {}, agent));
  return {
    samples: load.samples,
    async stop() {
      await load.stop();
      agent.destroy();
      child.kill('SIGKILL');
    },
  };
}
