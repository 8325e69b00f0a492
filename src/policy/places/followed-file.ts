import { readFile, stat } from 'node:fs/promises';
import type { Logger } from '#kernel';
import { readAddressDatabase, type AddressDatabase } from './address-database.ts';

const EVERY_MS = 1000;
/** Those of whole cities are a tenth of it. */
const LARGEST_BYTES = 1 << 30;

/**
 * An address database in a file, read for the first who asks, and again when the file changed. One that cannot be
 * used leaves in force what was read before, or nothing, and the log says so.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #log: Logger;
  readonly #changed: () => void;
  #opening: Promise<void> | undefined;
  /** Whether the file was tried. */
  opened = false;
  #current: AddressDatabase | undefined;
  #seen: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(path: string, { log, changed }: { readonly log: Logger; readonly changed: () => void }) {
    this.#path = path;
    this.#log = log;
    this.#changed = changed;
  }

  get current(): AddressDatabase | undefined {
    return this.#current;
  }

  /** Resolves when the file is in force, or cannot be used; then it is tried again when it is another one. */
  open(): Promise<void> {
    this.#opening ??= this.#openNow();
    return this.#opening;
  }

  async #openNow(): Promise<void> {
    await this.#attempt('places.unavailable', 'a file of places cannot be used: what policies make of it is denied');
    this.opened = true;
    this.#timer = setInterval(() => void this.look(), EVERY_MS).unref();
  }

  /** Looks whether the file is another one; resolves when what it holds is in force or refused. */
  look(): Promise<void> {
    return (this.#looking = this.#looking.then(() => this.#lookNow()));
  }

  async #lookNow(): Promise<void> {
    // Where nothing is in force, what stood in the way need not have been the file: too many were open, say.
    if ((await printOf(this.#path)) === this.#seen && this.#current !== undefined) return;
    await this.#attempt('places.refused', 'a file of places changed and cannot be used; what it held before goes on');
  }

  async #attempt(event: string, message: string): Promise<void> {
    const print = await printOf(this.#path);
    try {
      this.#current = await this.#read();
      this.#changed();
    } catch (error) {
      if (print !== this.#seen) this.#log.error({ event, file: this.#path, err: error }, message);
    }
    this.#seen = print;
  }

  async #read(): Promise<AddressDatabase> {
    const { size } = await stat(this.#path);
    if (size > LARGEST_BYTES) throw new Error(`the file has more than ${LARGEST_BYTES} bytes`);
    const database = await readAddressDatabase(await readFile(this.#path));
    const builtAt = new Date(database.builtAt).toISOString();
    this.#log.info({ event: 'places.loaded', file: this.#path, builtAt }, 'a file of places is in force');
    return database;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Another one when the file is replaced or written; empty where there is none. */
async function printOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}
