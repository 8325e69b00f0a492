/**
 * A server as a child process: one for one connection, since a session serves one client's capabilities, and what it
 * opened for one caller is never another's. It leads a process group of its own, so that what it starts ends with it.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { chown, mkdir } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { formatSize, type Clock, type Logger } from '#kernel';
import type { Channel, ChannelListener } from '../channel-wire.ts';
import { connectionError } from '../errors.ts';
import type { StdioTarget } from '../target.ts';
import { argumentVector } from './argument-vector.ts';
import { environmentOf, refused } from './environment.ts';
import { lineReader } from './lines.ts';
import type { ProcessPlan } from './process-plan.ts';
import { logStderr } from './stderr-log.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const GRACE_MS = 2000;

const notThatUser = (server: string, cause: unknown): Error =>
  refused(server, 'it cannot run as the `user` that it is to run as: only root may start it so', cause);

/** The folder that is the server's alone. */
async function ownFolder(server: string, { directory, uid, gid }: ProcessPlan): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (uid !== undefined) await chown(directory, uid, gid ?? uid);
  } catch (cause) {
    if (uid !== undefined && (cause as NodeJS.ErrnoException).code === 'EPERM') throw notThatUser(server, cause);
    throw refused(server, `its folder cannot be made (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

export class StdioChannel implements Channel {
  readonly #target: StdioTarget;
  readonly #child: Child;
  readonly #startedAt: number;
  readonly #gone = Promise.withResolvers<void>();
  #listener: ChannelListener | undefined;
  #ended: Error | undefined;
  #closing = false;
  /** Why `prlimit` did not become the program. */
  #refused: string | undefined;
  /** Resolves when the process has read what it was sent; undefined while it keeps up. */
  #read: Promise<void> | undefined;

  private constructor(target: StdioTarget, child: Child, maxBytes: number, clock: Clock, log: Logger) {
    this.#target = target;
    this.#child = child;
    this.#startedAt = clock.now();
    const lines = lineReader(maxBytes, (bytes) => this.#listener?.message(bytes));
    child.stdout.on('data', (chunk: Buffer) => {
      if (this.#ended !== undefined || lines(chunk)) return;
      this.#end(`sent a message of more than ${formatSize(maxBytes)}`);
      this.#signal('SIGKILL');
    });
    child.stdin.on('error', () => {});
    child.stdout.on('error', () => {});
    const first = (line: string): void => {
      if (target.process.limits !== undefined && line.startsWith('prlimit: ')) this.#refused = line;
    };
    logStderr(child.stderr, target.name, { log, clock, first });
    // Its children may have outlived it; they hold the streams open, too.
    child.on('exit', () => this.#signal('SIGKILL'));
    // What it still said before it went is heard first.
    child.on('close', (code, signal) => {
      this.#end(`ended (${signal ?? `exit code ${code}`})`);
      this.#gone.resolve();
    });
    child.on('error', (error) => this.#end(`failed: ${error.message}`));
  }

  /**
   * Starts the process. Rejects with `SERVER_RESTING` while it is too soon, `SERVER_PROCESS_REFUSED` where it cannot
   * be as it is configured, `SERVER_UNAVAILABLE` where the system does not start it.
   */
  static async start(target: StdioTarget, maxBytes: number, clock: Clock, log: Logger): Promise<StdioChannel> {
    const { name, process: plan, pace } = target;
    pace.check(name);
    const env = environmentOf(name, plan);
    const { command, args } = argumentVector(name, plan);
    await ownFolder(name, plan);
    // Loaded by the first such server: a start without one need not.
    const { spawn } = globalThis.process.getBuiltinModule('node:child_process');
    const child: Child = spawn(command, args, {
      cwd: plan.cwd ?? plan.directory,
      env,
      shell: false,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(plan.uid !== undefined && { uid: plan.uid }),
      ...(plan.gid !== undefined && { gid: plan.gid }),
    });
    const startedAt = clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.once('spawn', resolve);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      pace.ended(startedAt);
      if (cause.code === 'EPERM') reject(notThatUser(name, cause));
      else
        reject(
          connectionError('SERVER_UNAVAILABLE', `the process of \`${name}\` does not start: ${cause.message}`, {
            cause,
          }),
        );
    });
    await promise;
    return new StdioChannel(target, child, maxBytes, clock, log);
  }

  /** The process, for whoever looks after it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  attach(listener: ChannelListener): void {
    this.#listener = listener;
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  async send(message: string, signal?: AbortSignal): Promise<void> {
    if (this.#ended !== undefined || this.#closing) throw this.#ended ?? this.#reason('was told to end');
    const { stdin } = this.#child;
    if (stdin.write(`${message}\n`)) return;
    // It does not read: whoever writes waits until it does, is gone, or the caller is.
    this.#read ??= new Promise((resolve) => {
      const read = (): void => {
        stdin.off('drain', read).off('close', read);
        this.#read = undefined;
        resolve();
      };
      stdin.on('drain', read).on('close', read);
    });
    await (signal === undefined ? this.#read : unlessAborted(this.#read, signal));
  }

  /** Closes its input, then asks it to end, then ends it: so long each (MCP, stdio, Shutdown). */
  async close(): Promise<void> {
    if (this.#closing) return await this.#gone.promise;
    this.#closing = true;
    const graceMs = this.#target.process.graceMs ?? GRACE_MS;
    this.#child.stdin.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#goneWithin(graceMs)) return;
      this.#signal(signal);
    }
    await this.#gone.promise;
  }

  async #goneWithin(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), ms);
    void this.#gone.promise.then(() => resolve(true));
    const gone = await promise;
    clearTimeout(timer);
    return gone;
  }

  /** To the whole group, by its number: never by a name that others may have too. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      globalThis.process.kill(-pid, signal);
    } catch {
      // Nobody is left in it.
    }
  }

  #end(how: string): void {
    if (this.#ended !== undefined) return;
    this.#ended =
      this.#refused === undefined
        ? this.#reason(how)
        : refused(this.#target.name, `its resource limits cannot be kept here: ${this.#refused}`);
    if (this.#closing) return;
    this.#target.pace.ended(this.#startedAt);
    this.#listener?.ended(this.#ended);
  }

  #reason(how: string): Error {
    return connectionError('SERVER_CONNECTION_ENDED', `the process of \`${this.#target.name}\` ${how}`);
  }
}
