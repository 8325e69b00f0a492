import { constants } from 'node:fs';
import type { Disk } from './disk.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR, O_TRUNC } = constants;

/** Read and written by the owner alone. */
export const FILE_MODE = 0o600;

/** Bytes that are laid out at a time in a file that will grow: some hundred records. */
const LAID_OUT = 256 * 1024;

export interface AppendOptions {
  /** For a file that is written to again and again. */
  readonly grows?: boolean;
}

/**
 * A file that only grows, by pieces that are durable or not there. A piece that failed is cut off
 * before anything else is written, so what was refused never turns up later and no piece ever
 * follows half of another.
 *
 * A file that `grows` is longer than what was written to it: zeros follow, and readers know where they
 * begin. They go when it is closed; after a crash they stay until somebody goes on writing.
 *
 * After a failure the file is closed and opened anew: what the system thinks of a descriptor whose
 * flush failed is not to be relied on, and a file that nobody holds open is no obstacle to an
 * administrator who repairs or remounts.
 */
export class AppendFile {
  readonly path: string;
  readonly #disk: Disk;
  readonly #grows: boolean;
  #fd: number | undefined;
  #durable: number;
  /** Where the zeros end that follow the durable bytes. */
  #laidOut: number;
  /** True when there may be other bytes after the durable ones. */
  #tainted = false;

  private constructor(disk: Disk, path: string, durable: number, { grows = false }: AppendOptions) {
    this.#disk = disk;
    this.path = path;
    this.#durable = durable;
    this.#laidOut = durable;
    this.#grows = grows;
  }

  /** A file whose first `durable` bytes are good. Opened when first written; what follows them is cut. */
  static continuing(disk: Disk, path: string, durable: number, options: AppendOptions = {}): AppendFile {
    const file = new AppendFile(disk, path, durable, options);
    file.#tainted = true;
    return file;
  }

  /** A new, empty file. One that is there is emptied: the caller knows that nothing in it counts. */
  static async create(disk: Disk, path: string, options: AppendOptions = {}): Promise<AppendFile> {
    const file = new AppendFile(disk, path, 0, options);
    file.#fd = await disk.open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, FILE_MODE);
    return file;
  }

  /** Bytes that are durable. */
  get length(): number {
    return this.#durable;
  }

  /** Resolves when the bytes are on stable storage; rejects with the system's error, and they are not there. */
  async append(bytes: Buffer): Promise<void> {
    try {
      await this.#restore();
      const fd = this.#fd as number;
      this.#tainted = true;
      if (this.#grows) await this.#layOut(fd, this.#durable + bytes.length);
      for (let offset = 0; offset < bytes.length;) {
        offset += await this.#disk.write(fd, bytes, offset, this.#durable + offset);
      }
      this.#durable += bytes.length;
      this.#tainted = false;
    } catch (error) {
      // At once, so that a crash before the next piece does not leave what was refused. When even
      // this fails, the next piece tries again first.
      await this.#restore().catch(() => undefined);
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    // Where this fails there is room left over, and nothing lost.
    if (this.#laidOut > this.#durable) await this.#disk.truncate(fd, this.#durable).catch(() => undefined);
    await this.#disk.close(fd).catch(() => undefined);
    this.#laidOut = this.#durable;
  }

  /** A saving, no need: where there is no room ahead, the write itself says what is wrong. */
  async #layOut(fd: number, end: number): Promise<void> {
    if (end <= this.#laidOut) return;
    const upTo = end + LAID_OUT;
    try {
      await this.#disk.layOut(fd, this.#laidOut, upTo - this.#laidOut);
      this.#laidOut = upTo;
    } catch {
      this.#laidOut = end;
    }
  }

  async #restore(): Promise<void> {
    this.#fd ??= await this.#disk.open(this.path, O_RDWR | O_NOFOLLOW, FILE_MODE);
    if (!this.#tainted) return;
    await this.#disk.truncate(this.#fd, this.#durable);
    this.#laidOut = this.#durable;
    this.#tainted = false;
  }
}
