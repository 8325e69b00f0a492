import { systemDisk, type Disk } from '../store/segments/disk.ts';

type Operation = 'write' | 'short-write' | 'flush' | 'lay-out' | 'truncate' | 'open' | 'sync-directory';

/** A real disk that can be told to fail, and counts. */
export class ScriptedDisk implements Disk {
  readonly counts = { write: 0, layOut: 0 };
  /** Asked before each operation: true makes it fail. A short write does half of its work first. */
  failing: (operation: Operation) => boolean = () => false;
  /** Awaited when the bytes are in the file and nobody has been told so: a disk that takes its time. */
  beforeFlushed: () => Promise<void> = () => Promise.resolve();

  async open(path: string, flags: number, mode: number): Promise<number> {
    this.#check('open');
    return systemDisk.open(path, flags, mode);
  }

  async write(fd: number, bytes: Buffer, offset: number, position: number): Promise<number> {
    if (this.failing('short-write')) {
      await systemDisk.write(fd, bytes.subarray(0, offset + Math.ceil((bytes.length - offset) / 2)), offset, position);
      throw failure('ENOSPC');
    }
    this.#check('write');
    const written = await systemDisk.write(fd, bytes, offset, position);
    this.counts.write++;
    await this.beforeFlushed();
    this.#check('flush');
    return written;
  }

  async layOut(fd: number, position: number, length: number): Promise<void> {
    this.counts.layOut++;
    if (this.failing('lay-out')) {
      await systemDisk.layOut(fd, position, Math.ceil(length / 2));
      throw failure('ENOSPC');
    }
    return systemDisk.layOut(fd, position, length);
  }

  async truncate(fd: number, length: number): Promise<void> {
    this.#check('truncate');
    return systemDisk.truncate(fd, length);
  }

  async close(fd: number): Promise<void> {
    return systemDisk.close(fd);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#check('sync-directory');
    return systemDisk.syncDirectory(path);
  }

  #check(operation: Operation): void {
    if (this.failing(operation)) throw failure(operation === 'flush' ? 'EIO' : 'EROFS');
  }
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: as the script says`), { code });
