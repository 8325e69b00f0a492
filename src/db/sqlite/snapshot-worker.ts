/** The thread that copies a state file: `vacuum into` does not give way, and nobody shall wait for it. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

export type SnapshotReply =
  | { readonly migrations: readonly string[] }
  | { readonly message: string; readonly errcode: unknown };

parentPort?.postMessage(copy(workerData as { file: string; copy: string }));

function copy(job: { file: string; copy: string }): SnapshotReply {
  try {
    const source = new DatabaseSync(job.file, { readOnly: true, timeout: 5000 });
    source.prepare('vacuum into ?').run(job.copy);
    source.close();
    const made = new DatabaseSync(job.copy, { readOnly: true });
    const found = made.prepare('pragma integrity_check').all();
    if (found.length !== 1 || found[0]?.['integrity_check'] !== 'ok') {
      return { message: 'the copy of the database is damaged, so the database is', errcode: 11 };
    }
    const rows = made.prepare('select id from schema_migrations order by id').all();
    made.close();
    return { migrations: rows.map((row) => String(row['id'])) };
  } catch (error) {
    return { message: (error as Error).message, errcode: (error as { errcode?: unknown }).errcode };
  }
}
