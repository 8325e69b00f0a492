import { realpath, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '#kernel';

/** Something made of files that are replaced while the process runs. */
export interface Live<Value> {
  /** What the files last held that could be used. */
  current(): Value;
  /** Calls `listener` after each change of `current`. */
  onChange(listener: (value: Value, before: Value) => void): void;
  /** `refused` while the files hold something that cannot be used. */
  state(): 'ok' | 'refused';
  /** Looks at once; resolves when the look is over. */
  look(): Promise<void>;
  close(): void;
}

export interface LiveOptions<Value> {
  /** For the log and the metrics: `tls`, `agentListener`. */
  readonly what: string;
  /** None: nothing to watch. */
  readonly files: readonly string[];
  /** Reads and checks the files; throws what is wrong with them. */
  readonly load: () => Value;
  readonly log: Logger;
  /** Told of every change of the files. */
  readonly reloaded?: (outcome: 'applied' | 'refused') => void;
  readonly everyMs?: number;
}

const EVERY_MS = 1000;
const READ_ATTEMPTS = 5;
const BETWEEN_ATTEMPTS_MS = 20;

/**
 * Loads now, and again whenever a file changed. What cannot be used keeps what is in use.
 *
 * The files are asked once a second rather than watched: certificates change a few times a day, three
 * calls of `stat` cost nothing, and they tell of a renewed file on every file system, through every
 * chain of links; Kubernetes swaps a link two levels up.
 *
 * Throws as `load` does, the first time alone.
 */
export async function goLive<Value>(options: LiveOptions<Value>): Promise<Live<Value>> {
  const { what, files, load, log, reloaded, everyMs = EVERY_MS } = options;
  const listeners: ((value: Value, before: Value) => void)[] = [];
  let seen = await fingerprint(files);
  let value = load();
  let suspect: string | undefined;
  let state: 'ok' | 'refused' = 'ok';
  let looking = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function lookNow(): Promise<void> {
    const found = await fingerprint(files);
    if (found === seen) return;
    const next = await loadWhole(found);
    if (next.ok) {
      const before = value;
      [seen, suspect, state, value] = [next.print, undefined, 'ok', next.value];
      log.info({ event: 'tls.reloaded', what }, `the files of \`${what}\` changed and are in force`);
      reloaded?.('applied');
      for (const tell of listeners) tell(value, before);
    } else if (suspect === next.print) {
      [seen, suspect, state] = [next.print, undefined, 'refused'];
      log.error(
        { event: 'tls.refused', what },
        `the files of \`${what}\` changed and are refused; what they held before goes on: ${messageOf(next.error)}`,
      );
      reloaded?.('refused');
    } else {
      // Certificate and key are two files, and seldom written in one moment: the next look decides.
      suspect = next.print;
    }
  }

  /** What the files hold in one moment: the same before and after they are read. */
  async function loadWhole(found: string): Promise<Loaded<Value>> {
    let before = found;
    for (let attempt = 1; ; attempt++) {
      const loaded = attempted(load);
      const after = await fingerprint(files);
      if (after === before || attempt === READ_ATTEMPTS) return { ...loaded, print: after };
      before = after;
      await pause(BETWEEN_ATTEMPTS_MS);
    }
  }

  const look = (): Promise<void> => (looking = looking.then(lookNow));
  if (files.length > 0) timer = setInterval(() => void look(), everyMs).unref();
  return {
    current: () => value,
    onChange: (listener) => void listeners.push(listener),
    state: () => state,
    look,
    close: () => clearInterval(timer),
  };
}

type Loaded<Value> = { readonly print: string } & (
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: unknown }
);

function attempted<Value>(load: () => Value): { ok: true; value: Value } | { ok: false; error: unknown } {
  try {
    return { ok: true, value: load() };
  } catch (error) {
    return { ok: false, error };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Changes when any of the files is replaced, written, or reached by another link. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const facts = await Promise.all(
    files.map(async (file) => {
      try {
        const target = await realpath(file);
        const { ino, size, mtimeNs } = await stat(target, { bigint: true });
        return [target, String(ino), String(size), String(mtimeNs)];
      } catch {
        return ['unreadable'];
      }
    }),
  );
  return JSON.stringify(facts);
}
