import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { toolboxError } from '../../errors.ts';
import type { ChildMessage, ChildReply, ChildRequest, DatabaseLocation, Verdict } from './protocol.ts';

export interface PoolOptions {
  /** For messages: the source's name. */
  readonly name: string;
  readonly location: DatabaseLocation;
  /** How many children there are at most, hence statements at once; the others wait their turn. */
  readonly size: number;
  /** Milliseconds after which a child without work is let go; `Infinity` keeps it. */
  readonly idleMs: number;
}

interface Job {
  readonly request: ChildRequest;
  readonly judged: ((verdict: Verdict) => void) | undefined;
  readonly resolve: (reply: ChildReply) => void;
  readonly reject: (error: unknown) => void;
  /** Takes the job off its signal. */
  readonly settled: () => void;
}

interface Child {
  readonly process: ChildProcess;
  job: Job | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** To be let go once its job is done: it has a file open that is not the source's any more. */
  retired: boolean;
}

// The published build has the entry as `.js`.
const ENTRY = new URL(`./child${extname(import.meta.url)}`, import.meta.url);

/**
 * Child processes that run a source's statements. A process, because it is the one thing that can be
 * stopped at any moment: SQLite's interrupt is not in the driver, and ending a worker thread waits for
 * native code. Children start when work comes and go when it stays away.
 */
export class ChildPool {
  readonly #options: PoolOptions;
  readonly #children = new Set<Child>();
  /** Children without a job, the last used at the end. */
  readonly #idle: Child[] = [];
  readonly #waiting = new Set<Job>();
  /** Resolves when a killed child is gone. */
  readonly #leaving = new Set<Promise<void>>();
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The children there are now, busy or not. */
  get processIds(): readonly number[] {
    return [...this.#children].map(({ process }) => process.pid).filter((pid) => pid !== undefined);
  }

  /**
   * Runs one request in a child. When the signal aborts, the child is killed and the call rejects
   * with the signal's reason; `SOURCE_UNREACHABLE` once closed; `TOOL_FAILED` when the child died.
   * `judged` is called with the verdict that the request asks for, before the statement runs.
   */
  async run(request: ChildRequest, signal: AbortSignal, judged?: (verdict: Verdict) => void): Promise<ChildReply> {
    if (this.#closed) throw toolboxError('SOURCE_UNREACHABLE', `the source \`${this.#options.name}\` was closed`);
    return new Promise<ChildReply>((resolve, reject) => {
      const job: Job = {
        request,
        judged,
        resolve,
        reject,
        settled: () => signal.removeEventListener('abort', abandon),
      };
      const abandon = (): void => this.#abandon(job, signal.reason);
      signal.addEventListener('abort', abandon, { once: true });
      const child = this.#idle.pop() ?? (this.#children.size < this.#options.size ? this.#start() : undefined);
      if (child) this.#give(child, job);
      else this.#waiting.add(job);
    });
  }

  /** Lets go of every child as soon as it is free: the file they have open has been replaced. */
  retire(): void {
    for (const child of this.#idle.splice(0)) this.#kill(child);
    for (const child of this.#children) child.retired = true;
  }

  /** Refuses new work, waits for what runs and waits, ends every child. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = Promise.withResolvers<void>();
      for (const child of this.#idle.splice(0)) this.#kill(child);
      this.#concludeClosing();
    }
    await this.#closed.promise;
    await Promise.all(this.#leaving);
  }

  #start(): Child {
    const { location } = this.#options;
    // Loaded by the first child: a server that has no such source starts without it.
    const { fork } = globalThis.process.getBuiltinModule('node:child_process');
    const process = fork(ENTRY, [JSON.stringify(location)], {
      serialization: 'advanced',
      // Nothing of the server's environment, which may hold secrets; none of its debugger's options.
      env: {},
      execArgv: [],
      // What SQLite spills goes to the system's folder for temporary files.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const child: Child = { process, job: undefined, idleTimer: undefined, retired: false };
    this.#children.add(child);
    process.on('message', (message: ChildMessage) => {
      if ('verdict' in message) child.job?.judged?.(message.verdict);
      else this.#answered(child, message);
    });
    process.on('error', (error) => this.#died(child, error.message));
    process.on('exit', (code, signal) => this.#died(child, signal ?? `exit code ${code}`));
    return child;
  }

  #give(child: Child, job: Job): void {
    clearTimeout(child.idleTimer);
    child.job = job;
    child.process.ref();
    child.process.channel?.ref();
    // A failure to send means that the child is gone, which its `exit` says.
    child.process.send(job.request, () => undefined);
  }

  #answered(child: Child, reply: ChildReply): void {
    const { job } = child;
    if (!job) return;
    child.job = undefined;
    job.settled();
    job.resolve(reply);
    if (child.retired) {
      this.#kill(child);
      this.#next();
    } else {
      this.#free(child);
    }
  }

  /** Gives a free child the longest-waiting job, or lets it rest without keeping the process alive. */
  #free(child: Child): void {
    const [job] = this.#waiting;
    if (job) {
      this.#waiting.delete(job);
      this.#give(child, job);
      return;
    }
    if (this.#closed) {
      this.#kill(child);
      this.#concludeClosing();
      return;
    }
    this.#idle.push(child);
    child.process.unref();
    child.process.channel?.unref();
    if (Number.isFinite(this.#options.idleMs)) {
      child.idleTimer = setTimeout(() => this.#kill(child), this.#options.idleMs).unref();
    }
  }

  #abandon(job: Job, reason: unknown): void {
    job.reject(reason);
    if (this.#waiting.delete(job)) {
      this.#concludeClosing();
      return;
    }
    for (const child of this.#children) {
      if (child.job !== job) continue;
      child.job = undefined;
      this.#kill(child);
    }
    this.#next();
  }

  #died(child: Child, how: string): void {
    const { job } = child;
    this.#forget(child);
    child.job = undefined;
    job?.settled();
    job?.reject(toolboxError('TOOL_FAILED', `the process that ran the statement ended before it answered (${how})`));
    this.#next();
  }

  /** A place became free without a child in it: a waiting job gets a new one. */
  #next(): void {
    const [job] = this.#waiting;
    if (job) {
      this.#waiting.delete(job);
      this.#give(this.#start(), job);
    } else {
      this.#concludeClosing();
    }
  }

  /** SIGKILL, since a child in the midst of a statement hears nothing else. */
  #kill(child: Child): void {
    this.#forget(child);
    const gone = new Promise<void>((resolve) => {
      child.process.ref();
      child.process.once('exit', () => resolve());
      if (!child.process.kill('SIGKILL')) resolve();
    });
    this.#leaving.add(gone);
    void gone.then(() => this.#leaving.delete(gone));
  }

  #forget(child: Child): void {
    clearTimeout(child.idleTimer);
    this.#children.delete(child);
    const place = this.#idle.indexOf(child);
    if (place >= 0) this.#idle.splice(place, 1);
  }

  #concludeClosing(): void {
    if (this.#closed && this.#children.size === 0 && this.#waiting.size === 0) this.#closed.resolve();
  }
}
