/**
 * A process that runs calls, as far as containing goes: it says that it is there, takes up within a second what was
 * contained anywhere, and confirms it once nothing of it goes on here.
 */
import type { Database } from '#db';
import { newId, startRecurring, type Clock, type Logger } from '#kernel';
import {
  announceProcess,
  confirm,
  forgetProcess,
  forgetProcessesBefore,
  listInForce,
} from '../store/containments-store.ts';
import type { RunningCalls } from './running-calls.ts';

/** Well inside the second within which it must hold here. */
const LOOK_EVERY_MS = 200;
const SIGN_EVERY_MS = 10_000;
/** Who gave no sign for so long does not run: it is not waited for. */
export const GONE_AFTER_MS = 35_000;

export interface ServingProcessParts {
  readonly database: Database;
  readonly running: RunningCalls;
  readonly host: string;
  /** Forgets what is remembered of callers, and ends the streams of those who may not have them any more. */
  readonly endStreams: () => Promise<void>;
  /** Processes on other hosts give signs of life; on one host everybody sees who lives. */
  readonly severalHosts: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ServingProcessDuty {
  readonly #parts: ServingProcessParts;
  readonly #id: string;
  readonly #confirmed = new Set<string>();
  #seen: bigint | 'unknown' | undefined;
  #looking: Promise<void> = Promise.resolve();
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(parts: ServingProcessParts) {
    this.#parts = parts;
    this.#id = newId(parts.clock.now());
  }

  /** Resolves when what is contained is known here: no call may be let in before. */
  async start(): Promise<void> {
    const { database, clock, log, severalHosts } = this.#parts;
    const sign = async (): Promise<void> => {
      await announceProcess(database.db, {
        id: this.#id,
        host: this.#parts.host,
        pid: process.pid,
        seenAt: clock.now(),
      });
    };
    // First that we are there, and then what is contained: whoever contains something in between waits for us.
    await sign();
    await this.look();
    if (severalHosts) {
      const recurring = async (): Promise<void> => {
        await sign();
        await forgetProcessesBefore(database.db, clock.now() - 100 * GONE_AFTER_MS);
      };
      const failed = (error: unknown): void => log.warn({ err: error }, 'could not say that this process serves');
      this.#stops.push(startRecurring(recurring, { everyMs: SIGN_EVERY_MS, failed }));
    }
    const failed = (error: unknown): void =>
      log.warn({ event: 'containment.behind', err: error }, 'what was contained could not be read');
    this.#stops.push(startRecurring(() => this.look(), { everyMs: LOOK_EVERY_MS, failed }));
  }

  /** Takes up what was contained since, and confirms it. */
  look(): Promise<void> {
    const looked = this.#looking.then(() => this.#look());
    this.#looking = looked.catch(() => {});
    return looked;
  }

  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await this.#looking;
    await forgetProcess(this.#parts.database.db, this.#id);
  }

  async #look(): Promise<void> {
    const { database, running, endStreams, clock } = this.#parts;
    const version = database.changes.version();
    if (version === this.#seen && version !== 'unknown') return;
    const inForce = await listInForce(database.db);
    running.replace(inForce);
    const news = inForce.filter(({ id }) => !this.#confirmed.has(id));
    if (news.length > 0) {
      const stoppedCalls = await running.stop();
      await endStreams();
      const confirmedAt = clock.now();
      for (const { id } of news) {
        await confirm(database.db, id, { process: this.#id, confirmedAt, stoppedCalls });
        this.#confirmed.add(id);
      }
    }
    this.#seen = version;
  }

  /** The next look reads, whatever the database says: this process itself has changed something. */
  again(): Promise<void> {
    this.#seen = undefined;
    return this.look();
  }
}
