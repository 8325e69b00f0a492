import type { Logger } from '#kernel';
import type { Live } from '../live/live.ts';

/**
 * How a Workload API stands, for one who uses it. `refused`: its last message could not be used. `away`: it does
 * not answer; in both cases what it gave before goes on. `lost`: nothing is left to go on with.
 */
export type WorkloadState = 'ok' | 'refused' | 'away' | 'lost';

export interface WorkloadLive<Value> extends Live<Value> {
  standing(): WorkloadState;
  /** Calls `listener` for each message; `refused` also when what there was is lost. */
  onNews(listener: (outcome: WorkloadNews) => void): void;
}

export type WorkloadNews = 'applied' | 'refused';

/** What one listener takes of a Workload API, as it takes what files hold. */
export function workloadView<Value>(options: {
  /** Of whom the log says that they have lost it. */
  readonly field: string;
  /** What there is now, the same object as long as it is the same; undefined for nothing. */
  readonly pick: () => Value | undefined;
  /** What stands for nothing. */
  readonly none: Value;
  readonly standing: () => Exclude<WorkloadState, 'lost'>;
  /** Looks whether what there is has expired. */
  readonly judge: () => void;
  /** Called when something may have changed, and with the outcome when that was by a message. */
  readonly listeners: Set<(news?: WorkloadNews) => void>;
  readonly log: Logger;
}): WorkloadLive<Value> {
  const { field, pick, none, standing, judge, listeners, log } = options;
  const own: ((value: Value, before: Value) => void)[] = [];
  const news: ((outcome: WorkloadNews) => void)[] = [];
  let found = pick();

  function update(outcome?: WorkloadNews): void {
    const next = pick();
    const told = next === undefined && found !== undefined ? 'refused' : outcome;
    if (told !== undefined) for (const tell of news) tell(told);
    if (next === found) return;
    const before = found;
    found = next;
    if (next === undefined)
      log.error({ event: 'tls.workload.lost', what: field }, `\`${field}\` has lost what the Workload API gave it`);
    for (const tell of own) tell(next ?? none, before ?? none);
  }

  listeners.add(update);
  const state = (): WorkloadState => (found === undefined ? 'lost' : standing());
  return {
    current: () => found ?? none,
    onChange: (listener) => void own.push(listener),
    onNews: (listener) => void news.push(listener),
    standing: state,
    state: () => (state() === 'ok' || state() === 'away' ? 'ok' : 'refused'),
    look: () => Promise.resolve(judge()),
    close: () => void listeners.delete(update),
  };
}
