import { systemDisk, type Disk } from '../store/segments/disk.ts';

type Operation = 'write' | 'short-write' | 'datasync' | 'truncate' | 'open' | 'sync-directory';

/** A real disk that can be told to fail, and counts. */
export class ScriptedDisk implements Disk {
  readonly counts = { write: 0, datasync: 0 };
  /** Asked before each operation: true makes it fail. A short write does half of its work first. */
  failing: (operation: Operation) => boolean = () => false;
  /** Awaited before each flush: a disk that takes its time. */
  beforeSync: () => Promise<void> = () => Promise.resolve();

  async open(path: string, flags: number, mode: number): Promise<number> {
    this.#check('open');
    return systemDisk.open(path, flags, mode);
  }

  async write(fd: number, bytes: Buffer, offset: number, position: number): Promise<number> {
    this.counts.write++;
    if (this.failing('short-write')) {
      await systemDisk.write(fd, bytes.subarray(0, offset + Math.ceil((bytes.length - offset) / 2)), offset, position);
      throw failure('ENOSPC');
    }
    this.#check('write');
    return systemDisk.write(fd, bytes, offset, position);
  }

  async datasync(fd: number): Promise<void> {
    this.counts.datasync++;
    await this.beforeSync();
    this.#check('datasync');
    return systemDisk.datasync(fd);
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
    if (this.failing(operation)) throw failure(operation === 'datasync' ? 'EIO' : 'EROFS');
  }
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: as the script says`), { code });
