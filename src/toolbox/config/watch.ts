/**
 * Notices that the configuration changed and hands over its new files, whole. Events only say "look
 * again": what counts is what the files then hold. So it does not matter whether an editor renamed, a
 * process wrote in pieces, or Kubernetes flipped the `..data` link that all files of a volume hang on.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FSWatcher } from 'chokidar';
import type { Result } from '#kernel';
import type { ConfigurationInput } from './parse.ts';
import type { Problem } from './problems.ts';
import { fingerprint, readInputs, type ConfigurationLocation } from './read.ts';

export interface WatchOptions {
  readonly location: ConfigurationLocation;
  /** What is loaded already; only something else is news. */
  readonly loaded: readonly ConfigurationInput[];
  /**
   * Called with the files as they are now, or with why they cannot be read. The next call waits until
   * this one is done, and then brings the newest state, whatever came between.
   */
  readonly changed: (files: Result<readonly ConfigurationInput[], readonly Problem[]>) => void | Promise<void>;
  /** The file system cannot tell about changes (too many watches, a network share); polling goes on. */
  readonly failed?: (cause: unknown) => void;
  /** Look every so many milliseconds even without an event. Not at all by default, 2 s after a failure. */
  readonly pollMs?: number;
  /** How long it must be quiet before the files are read. */
  readonly quietMs?: number;
  /** How long a stream of events may put that off. */
  readonly longestMs?: number;
}

export interface ConfigurationWatch {
  /** Files beside the configuration whose change is a change of it, such as modules; replaces earlier ones. */
  alsoWatch(files: readonly string[]): Promise<void>;
  /** Resolves when everything that happened before the call was looked at and handed over. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface State {
  readonly files: Result<readonly ConfigurationInput[], readonly Problem[]>;
  readonly digest: string;
  readonly others: string;
}

const FALLBACK_POLL_MS = 2000;
const READ_ATTEMPTS = 5;
const BETWEEN_ATTEMPTS_MS = 20;

/** Begins to watch; resolves when a change from now on will be noticed. */
export async function watchConfiguration(options: WatchOptions): Promise<ConfigurationWatch> {
  const watch = new Watch(options);
  await watch.start();
  return watch;
}

class Watch implements ConfigurationWatch {
  readonly #options: WatchOptions;
  #watcher: FSWatcher | undefined;
  #watched = new Set<string>();
  #others: readonly string[] = [];
  #seen: string;
  #seenOthers = '';
  #quiet: NodeJS.Timeout | undefined;
  #waitingSince: number | undefined;
  #poll: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#seen = digest({ ok: true, value: options.loaded });
  }

  async start(): Promise<void> {
    if (this.#options.pollMs !== undefined) this.#pollEvery(this.#options.pollMs);
    try {
      const { watch } = await import('chokidar');
      this.#watcher = watch([], {
        depth: 0,
        ignoreInitial: true,
        followSymlinks: false,
        ignored: (path) => this.#isStranger(path),
      });
      this.#watcher.on('all', () => this.#notice()).on('error', (cause) => this.#fallBack(cause));
      const ready = new Promise<void>((done) => this.#watcher?.once('ready', done));
      await this.#watchFolders();
      await ready;
    } catch (cause) {
      this.#fallBack(cause);
    }
    // Something may have changed since the files were loaded and before the watch began.
    this.#notice();
  }

  async alsoWatch(files: readonly string[]): Promise<void> {
    this.#others = files.map((file) => resolve(file));
    this.#seenOthers = await this.#fingerprintOfOthers();
    await this.#watchFolders();
  }

  async settled(): Promise<void> {
    clearTimeout(this.#quiet);
    this.#waitingSince = undefined;
    this.#look();
    await this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#quiet);
    clearInterval(this.#poll);
    await this.#watcher?.close();
    await this.#looking;
  }

  #notice(): void {
    if (this.#closed) return;
    const { quietMs = 100, longestMs = 1000 } = this.#options;
    const now = performance.now();
    this.#waitingSince ??= now;
    clearTimeout(this.#quiet);
    // A hundred changes a second must not put the look off for ever.
    const wait = Math.max(0, Math.min(quietMs, this.#waitingSince + longestMs - now));
    this.#quiet = setTimeout(() => {
      this.#waitingSince = undefined;
      this.#look();
    }, wait).unref();
  }

  /** Looks after the look that is going on, if one is. */
  #look(): void {
    this.#looking = this.#looking.then(() => this.#lookNow()).catch((cause: unknown) => this.#options.failed?.(cause));
  }

  async #lookNow(): Promise<void> {
    if (this.#closed) return;
    const state = await this.#state();
    if (state === undefined) return this.#notice();
    if (this.#closed || (state.digest === this.#seen && state.others === this.#seenOthers)) return;
    this.#seen = state.digest;
    this.#seenOthers = state.others;
    await this.#watchFolders();
    await this.#options.changed(state.files);
  }

  /**
   * The files as one moment had them: read between two equal fingerprints. Files that are just being
   * replaced are given a little time to come back. Undefined when they never stood still.
   */
  async #state(): Promise<State | undefined> {
    const { location } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const before = await fingerprint(location);
      const files = await readInputs(location);
      const isWhole = before === (await fingerprint(location));
      const isLast = attempt === READ_ATTEMPTS;
      if (isWhole && (files.ok || isLast)) {
        return { files, digest: digest(files), others: await this.#fingerprintOfOthers() };
      }
      if (isLast) return undefined;
      await pause(BETWEEN_ATTEMPTS_MS);
    }
  }

  async #fingerprintOfOthers(): Promise<string> {
    return this.#others.length === 0 ? '' : fingerprint({ kind: 'files', files: this.#others });
  }

  /** Watches the folders of the files and of what they link to; links may lead elsewhere after a change. */
  async #watchFolders(): Promise<void> {
    const { location } = this.#options;
    const names = location.kind === 'files' ? location.files : [];
    const wanted = new Set(location.kind === 'folder' ? [resolve(location.folder)] : []);
    for (const file of [...names, ...this.#others]) {
      wanted.add(dirname(resolve(file)));
      const target = await realpath(file).catch(() => undefined);
      if (target !== undefined) wanted.add(dirname(target));
    }
    if (location.kind === 'folder') {
      const target = await realpath(location.folder).catch(() => undefined);
      if (target !== undefined) wanted.add(target);
    }
    const gone = [...this.#watched].filter((folder) => !wanted.has(folder));
    const added = [...wanted].filter((folder) => !this.#watched.has(folder));
    this.#watched = wanted;
    if (gone.length > 0) this.#watcher?.unwatch(gone);
    if (added.length > 0) this.#watcher?.add(added);
  }

  /** Files that have nothing to do with the configuration: a watch on each of them costs. */
  #isStranger(path: string): boolean {
    const name = basename(path);
    // `..data` and `..2026_11_21…`: how Kubernetes swaps all files of a volume at once.
    if (this.#watched.has(path) || name.startsWith('..')) return false;
    const { location } = this.#options;
    if (location.kind === 'folder' && /\.ya?ml$/.test(name)) return false;
    const ours = location.kind === 'files' ? [...location.files, ...this.#others] : this.#others;
    return !ours.some((file) => basename(file) === name);
  }

  #fallBack(cause: unknown): void {
    if (this.#closed) return;
    this.#options.failed?.(cause);
    if (this.#poll === undefined) this.#pollEvery(FALLBACK_POLL_MS);
  }

  #pollEvery(ms: number): void {
    this.#poll = setInterval(() => this.#look(), ms).unref();
  }
}

function digest(files: Result<readonly ConfigurationInput[], readonly Problem[]>): string {
  const hash = createHash('sha256');
  if (!files.ok) return hash.update(JSON.stringify(files.error)).digest('hex');
  for (const { file, bytes } of files.value) hash.update(JSON.stringify([file, bytes.length])).update(bytes);
  return hash.digest('hex');
}
