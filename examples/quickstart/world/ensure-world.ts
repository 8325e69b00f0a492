import { Worker } from 'node:worker_threads';
import { isCurrentWorld } from './build-world.ts';

/**
 * Makes sure that `file` is the world database of the installed packages: at once when it already is,
 * otherwise by building it, with a few `progress` lines. Rejects with what stopped the build.
 *
 * The build runs in a worker: the packages' objects go with the thread instead of staying in the
 * server's memory, and signals are heard meanwhile.
 */
export async function ensureWorld(file: string, progress: (line: string) => void): Promise<void> {
  if (isCurrentWorld(file)) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // No flags of this process: an inspector's port or an inline script are not the build's.
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { file }, execArgv: [] });
  worker.on('message', progress);
  const failed = (cause: unknown) =>
    reject(new Error(`the world database could not be built at \`${file}\``, { cause }));
  worker.on('error', failed);
  worker.on('exit', (code) => (code === 0 ? resolve() : failed(`its thread ended with code ${code}`)));
  await promise;
}
