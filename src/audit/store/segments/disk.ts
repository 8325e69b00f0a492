import { close, fdatasync, ftruncate, fsync, open, write } from 'node:fs';
import { promisify } from 'node:util';

/**
 * What a log asks of the system, with file descriptors as `node:fs` has them: callbacks on the thread
 * pool, never the event loop, and no object per operation. A port, so that a disk that fails can be
 * put in its place.
 */
export interface Disk {
  open(path: string, flags: number, mode: number): Promise<number>;
  /** Bytes written, which may be fewer. */
  write(fd: number, bytes: Buffer, offset: number, position: number): Promise<number>;
  datasync(fd: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  close(fd: number): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

const openFd = promisify(open);
const closeFd = promisify(close);

export const systemDisk: Disk = {
  open: openFd,
  write: (fd, bytes, offset, position) =>
    new Promise((resolve, reject) =>
      write(fd, bytes, offset, bytes.length - offset, position, (error, written) =>
        error ? reject(error) : resolve(written),
      ),
    ),
  datasync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  close: closeFd,
  async syncDirectory(path) {
    const fd = await openFd(path, 'r');
    try {
      await promisify(fsync)(fd);
    } finally {
      await closeFd(fd);
    }
  },
};
