/** The thread in which `ensure-world.ts` builds: takes the path, sends the progress lines. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildWorld } from './build-world.ts';

const { file } = workerData as { file: string };
await buildWorld(file, (line) => parentPort?.postMessage(line));
