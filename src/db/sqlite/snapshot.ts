import { closeSync, createReadStream, openSync, rmSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { requireStateFile } from '../data-directory.ts';
import type { DatabaseSnapshot } from '../snapshot.ts';
import { translateFailure } from './failure.ts';
import type { SnapshotReply } from './snapshot-worker.ts';

// The published build has the entry as `.js`.
const ENTRY = new URL(`./snapshot-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * A copy of the state file as of one moment. By `vacuum into` on a connection of its own, in a thread: it
 * reads one snapshot of the write-ahead log, so writers never wait and never make it begin again (as
 * the page-by-page backup does whenever another process commits), and it leaves out free pages.
 */
export async function snapshotSqlite(file: string, scratch: string): Promise<DatabaseSnapshot> {
  requireStateFile(file);
  const copy = join(scratch, 'chatelaine.db');
  // SQLite fills an empty file, and keeps its mode.
  closeSync(openSync(copy, 'wx', 0o600));
  const migrations = await inWorker({ file: resolve(file), copy });
  return {
    type: 'sqlite',
    migrations,
    async *parts() {
      yield { name: 'chatelaine.db', data: createReadStream(copy, { highWaterMark: 1024 * 1024 }) };
    },
    close: async () => rmSync(copy, { force: true }),
  };
}

function inWorker(workerData: { readonly file: string; readonly copy: string }): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(ENTRY, { workerData, env: {}, execArgv: ['--disable-warning=ExperimentalWarning'] });
    worker.once('message', (reply: SnapshotReply) => {
      if ('migrations' in reply) resolve(reply.migrations);
      else reject(failureOf(reply));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the snapshot worker ended')));
  });
}

function failureOf(reply: { readonly message: string; readonly errcode: unknown }): Error {
  return translateFailure(Object.assign(new Error(reply.message), { errcode: reply.errcode })) as Error;
}
