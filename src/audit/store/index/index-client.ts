import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { auditError } from '../../errors.ts';
import type { BlockIndexOptions } from './block-index.ts';
import type { IndexReply, IndexRequest } from './protocol.ts';

// The published build has the entry as `.js`.
const ENTRY = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/**
 * This side of the index worker. It starts with the first question, or when enough has been appended
 * that a first question would wait long for it. When it dies it is started again by the next request:
 * what it knows can always be read anew.
 */
export class IndexClient {
  readonly #root: string;
  readonly #options: BlockIndexOptions;
  readonly #waiting = new Map<
    number,
    { resolve: (records: readonly string[]) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | undefined;
  #requests = 0;

  constructor(root: string, options: BlockIndexOptions = {}) {
    this.#root = root;
    this.#options = options;
  }

  /** The canonical texts of the records that were asked for. Rejects with `AUDIT_UNAVAILABLE`. */
  ask(request: Omit<IndexRequest, 'id'>): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#requests;
      this.#waiting.set(id, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id } satisfies IndexRequest);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#gone(worker, 'the log was closed');
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, {
      workerData: { root: this.#root, ...this.#options },
      env: {},
      // What the worker imports needs no alias, hence no condition.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.on('message', (reply: IndexReply) => this.#answered(worker, reply));
    worker.on('error', (error) => this.#gone(worker, error.message));
    worker.on('exit', () => this.#gone(worker, 'the index worker ended'));
    return worker;
  }

  #answered(worker: Worker, reply: IndexReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    // An idle worker keeps no process alive.
    if (this.#waiting.size === 0) worker.unref();
    if (reply.ok) waiting?.resolve(reply.records);
    else waiting?.reject(auditError('AUDIT_UNAVAILABLE', `the audit log cannot be searched: ${reply.message}`));
  }

  #gone(worker: Worker | undefined, reason: string): void {
    if (worker === undefined || worker !== this.#worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) {
      reject(auditError('AUDIT_UNAVAILABLE', `the audit log cannot be searched: ${reason}`));
    }
  }
}
