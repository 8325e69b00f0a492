import { setTimeout as pause } from 'node:timers/promises';
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { AuditStore, ReceiverCursor } from '../store/store.ts';
import type { Feed, Piece } from './feed.ts';

/** Where a piece goes. Resolves when the receiver has taken it; whatever it rejects with is tried again. */
export interface Sink<Item> {
  /**
   * True where the receiver confirms no more than that it has read: after an outage the piece before
   * is sent once more.
   */
  readonly confirmsReadingOnly: boolean;
  /** Gives how many items the receiver said that it will not have, however often they come. */
  send(items: readonly Item[]): Promise<number>;
  close(): Promise<void>;
}

/** The receiver says that a piece is too large; it is sent in halves. */
export class TooLarge extends Error {}

/** The receiver asks to be left alone for so many milliseconds. */
export class NotNow extends Error {
  readonly ms: number;

  constructor(message: string, ms: number) {
    super(message);
    this.ms = ms;
  }
}

export interface DeliveryTimes {
  /** How often is looked for something new. */
  readonly idleMs: number;
  /** The first pause after a failure; each further one is twice as long, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** How often is looked whether another process has stopped sending to the receiver. */
  readonly standbyMs: number;
}

const TIMES: DeliveryTimes = { idleMs: 1000, firstMs: 500, longestMs: 60_000, standbyMs: 5000 };

export interface DeliveryOptions<Item> {
  /** Of the receiver, unique among all; its cursor has it. */
  readonly name: string;
  readonly store: Pick<AuditStore, 'claimCursor' | 'cursorOf'>;
  readonly feed: Feed<Item>;
  readonly sink: Sink<Item>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly times?: Partial<DeliveryTimes>;
}

export interface DeliveryStatus {
  readonly name: string;
  /** `standby`: another process sends. */
  readonly state: 'sending' | 'failing' | 'standby';
  /** Items that the receiver does not have yet. */
  readonly behind: number;
  /** Items delivered by this process, and those that the receiver refused for good. */
  readonly delivered: number;
  readonly refused: number;
  /** When something was last delivered, or nothing was left to be; milliseconds. */
  readonly reachedAt: number | undefined;
  /** Why it fails, and since when. */
  readonly failure?: { readonly since: number; readonly attempts: number; readonly message: string };
}

/**
 * Carries a feed to one receiver, without loss and in order: a piece is asked for when the one before
 * has arrived, and the place is on disk before the next goes. What a crash falls between is sent
 * twice; items bear ids. While the receiver is away nothing is collected: the log itself is the queue.
 */
export class Delivery<Item> {
  readonly #options: DeliveryOptions<Item>;
  readonly #times: DeliveryTimes;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #cursor: ReceiverCursor | undefined;
  #place: string | undefined;
  #piece: Piece<Item> | undefined;
  /** The piece before, and where it began: see `confirmsReadingOnly`. */
  #before: { readonly place: string | undefined } | undefined;
  /** The place as it is on disk, and whether ours is another. */
  #saved: string | undefined;
  #unsaved = false;
  #standby = false;
  #delivered = 0;
  #refused = 0;
  #reachedAt: number | undefined;
  #failure: { readonly since: number; attempts: number; message: string } | undefined;

  constructor(options: DeliveryOptions<Item>) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#running = this.#run();
  }

  /** How it stands. Rejects when the log cannot be asked. */
  async status(): Promise<DeliveryStatus> {
    // Who stands by knows no place of its own.
    const place = this.#cursor
      ? this.#place
      : ((await this.#options.store.cursorOf(this.#options.name)) ?? this.#place);
    return {
      name: this.#options.name,
      state: this.#standby ? 'standby' : this.#failure ? 'failing' : 'sending',
      behind: await this.#options.feed.behind(place),
      delivered: this.#delivered,
      refused: this.#refused,
      reachedAt: this.#reachedAt,
      ...(this.#failure && { failure: { ...this.#failure } }),
    };
  }

  /** Ends after the piece that is under way, and lets another process go on. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#options.sink.close();
    await this.#options.feed.close();
    await this.#cursor?.release();
    this.#cursor = undefined;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#pause(await this.#step());
      } catch (error) {
        await this.#pause(this.#failed(error));
      }
    }
  }

  /** One step; gives how long to wait before the next. */
  async #step(): Promise<number> {
    if (!this.#cursor) {
      this.#cursor = await this.#options.store.claimCursor(this.#options.name);
      this.#standby = this.#cursor === undefined;
      if (!this.#cursor) return this.#times.standbyMs;
      const stored = await this.#cursor.read();
      // Another process was at it meanwhile, unless what it says is what was written here last.
      if (!this.#unsaved || stored !== this.#saved) {
        this.#place = stored;
        this.#piece = undefined;
        this.#unsaved = false;
      }
      this.#saved = stored;
    }
    if (this.#unsaved) await this.#save();
    this.#piece ??= await this.#options.feed.next(this.#place);
    if (!this.#piece) {
      this.#reached();
      return this.#times.idleMs;
    }
    this.#refused += await this.#send(this.#piece.items);
    this.#delivered += this.#piece.items.length;
    this.#before = { place: this.#place };
    this.#place = this.#piece.place;
    this.#piece = undefined;
    this.#unsaved = true;
    this.#reached();
    await this.#save();
    return 0;
  }

  async #send(items: readonly Item[]): Promise<number> {
    try {
      return await this.#options.sink.send(items);
    } catch (error) {
      if (!(error instanceof TooLarge) || items.length === 1) throw error;
      const half = Math.ceil(items.length / 2);
      return (await this.#send(items.slice(0, half))) + (await this.#send(items.slice(half)));
    }
  }

  /** Where this fails, nothing more is sent until it succeeds: or a crash would repeat more than one piece. */
  async #save(): Promise<void> {
    try {
      await this.#cursor?.write(this.#place ?? '');
      this.#saved = this.#place;
      this.#unsaved = false;
    } catch (error) {
      // The lock may have gone with what holds the place: it is claimed anew.
      await this.#cursor?.release().catch(() => undefined);
      this.#cursor = undefined;
      throw error;
    }
  }

  #reached(): void {
    const { clock, logger, name } = this.#options;
    this.#reachedAt = clock.now();
    if (!this.#failure) return;
    logger.info({ receiver: name, attempts: this.#failure.attempts }, 'audit: the receiver takes records again');
    this.#failure = undefined;
  }

  /** Gives how long to wait. */
  #failed(error: unknown): number {
    const { clock, logger, name, sink } = this.#options;
    const message = error instanceof ChatelaineError || error instanceof Error ? error.message : String(error);
    if (!this.#failure) {
      this.#failure = { since: clock.now(), attempts: 0, message };
      logger.warn({ receiver: name, err: error }, 'audit: the receiver does not take records; they wait in the log');
      if (sink.confirmsReadingOnly && this.#before && this.#piece) {
        this.#place = this.#before.place;
        this.#piece = undefined;
        this.#before = undefined;
      }
    }
    this.#failure.message = message;
    const exponent = Math.min(this.#failure.attempts++, 20);
    const longest = Math.min(this.#times.firstMs * 2 ** exponent, this.#times.longestMs);
    // At random, so that many do not come back at once.
    const wait = longest / 2 + (longest / 2) * Math.random();
    return error instanceof NotNow ? Math.max(wait, Math.min(error.ms, this.#times.longestMs)) : wait;
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await pause(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }
}
