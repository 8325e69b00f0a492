/** Events beside the work: recording one takes no time, may fail, and is bounded whatever happens. */
import { BoundedCache, type Clock, type Logger } from '#kernel';
import { FIELD_MANAGER } from '../apply/index.ts';
import { hasCode, type ApiConnection } from '../connection/index.ts';
import { silentObserver, type ClusterObserver } from '../metrics/observer.ts';
import { TokenBucket, type Rate } from '../queue/index.ts';
import { EVENTS } from '../resources.ts';
import { pause, type Timers } from '../timers.ts';
import type { Notice } from './notice.ts';
import { newEvent, seriesKey, seriesPatch, type Regarding, type Reporter } from './series.ts';

export interface EventRecorderOptions {
  readonly connection: Pick<ApiConnection, 'create' | 'merge'>;
  readonly reporter: Reporter;
  readonly wallClock: Clock;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Makes a part of a name that no other event has. */
  readonly newId: () => string;
  readonly log: Logger;
  readonly observer?: ClusterObserver;
  readonly rate?: Rate;
}

/** As what others do with an event, so that a loop that fails does not fill etcd. */
const RATE: Rate = { perSecond: 5, burst: 50 };
const WAITING = 500;
const REMEMBERED = 4000;
/** After that time the same again is a new event: the API server forgets events within the hour. */
const SERIES_MS = 6 * 60_000;

interface Series {
  readonly regarding: Regarding;
  readonly notice: Notice;
  /** Undefined until the API server has it. */
  name: string | undefined;
  namespace: string;
  count: number;
  at: number;
}

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #observer: ClusterObserver;
  readonly #bucket: TokenBucket;
  readonly #series = new BoundedCache<string, Series>(REMEMBERED);
  /** What has to be written, the last count of each. */
  readonly #waiting = new Map<string, Series>();
  #wake: (() => void) | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#observer = options.observer ?? silentObserver;
    this.#bucket = new TokenBucket(options.rate ?? RATE, options.clock.now());
  }

  /** Never throws, never waits. Beyond what fits it is counted and dropped. */
  record(regarding: Regarding, notice: Notice): void {
    const key = seriesKey(regarding, notice);
    const now = this.#options.clock.now();
    let series = this.#series.get(key);
    if (series === undefined || now - series.at > SERIES_MS) {
      series = { regarding, notice, name: undefined, namespace: '', count: 0, at: now };
      this.#series.set(key, series);
    }
    series.count++;
    series.at = now;
    if (!this.#waiting.has(key) && this.#waiting.size >= WAITING) {
      this.#observer.eventRecorded('dropped');
      return;
    }
    this.#waiting.set(key, series);
    this.#wake?.();
  }

  /** Writes what is recorded, until the signal ends it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options;
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      const [first] = this.#waiting;
      if (first === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const wait = this.#bucket.take(clock.now());
      if (wait > 0) {
        await pause(timers, wait, signal);
        continue;
      }
      this.#waiting.delete(first[0]);
      await this.#write(first[1], signal);
    }
    signal.removeEventListener('abort', wake);
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    try {
      if (series.name === undefined || !(await this.#count(series, signal))) await this.#create(series, signal);
      this.#observer.eventRecorded('sent');
    } catch (error) {
      if (signal.aborted) return;
      this.#observer.eventRecorded('failed');
      this.#options.log.debug({ err: error, reason: series.notice.reason }, 'an event could not be written');
    }
  }

  async #create(series: Series, signal: AbortSignal): Promise<void> {
    const { connection, reporter, newId, wallClock } = this.#options;
    const event = newEvent(series, reporter, newId(), wallClock.now());
    const { metadata } = await connection.create(EVENTS, event, { fieldManager: FIELD_MANAGER, signal });
    series.name = metadata.name;
    series.namespace = metadata.namespace ?? '';
  }

  /** False where the event is gone: the API server deletes them after an hour. */
  async #count({ name = '', namespace, count }: Series, signal: AbortSignal): Promise<boolean> {
    const { connection, wallClock } = this.#options;
    const patch = seriesPatch(count, wallClock.now());
    try {
      await connection.merge(EVENTS, { namespace, name }, patch, { fieldManager: FIELD_MANAGER, signal });
      return true;
    } catch (error) {
      if (hasCode(error, 'CLUSTER_NOT_FOUND')) return false;
      throw error;
    }
  }
}
