import { close, constants, fdatasync, ftruncate, fsync, open, write } from 'node:fs';
import { promisify } from 'node:util';

/**
 * What a log asks of the system, with file descriptors as `node:fs` has them: callbacks on the thread
 * pool, never the event loop, and no object per operation. A port, so that a disk that fails can be
 * put in its place.
 */
export interface Disk {
  /** For files that `write` is then used on. */
  open(path: string, flags: number, mode: number): Promise<number>;
  /** Resolves with how many bytes are on stable storage, which may be fewer than there are from `offset`. */
  write(fd: number, bytes: Buffer, offset: number, position: number): Promise<number>;
  /**
   * Fills `length` bytes with zeros, from the end of the file on. What is then written there changes
   * neither the file's length nor where its blocks lie, so that its flush writes the bytes alone.
   */
  layOut(fd: number, position: number, length: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  close(fd: number): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

const openFd = promisify(open);
const closeFd = promisify(close);
const flush = promisify(fdatasync);

/**
 * On Linux a write through such a descriptor returns when it is on stable storage (open(2), O_DSYNC):
 * one way to the thread pool and back where a write and a flush are two. Elsewhere the flag promises
 * less than `fdatasync`, which reaches the disk's own cache on macOS too.
 */
const WRITES_THROUGH = process.platform === 'linux';
const OPEN_FLAG = WRITES_THROUGH ? constants.O_DSYNC : 0;

const writeOnce = (fd: number, bytes: Buffer, offset: number, position: number): Promise<number> =>
  new Promise((resolve, reject) =>
    write(fd, bytes, offset, bytes.length - offset, position, (error, written) =>
      error ? reject(error) : resolve(written),
    ),
  );

async function writeAndFlush(fd: number, bytes: Buffer, offset: number, position: number): Promise<number> {
  const written = await writeOnce(fd, bytes, offset, position);
  await flush(fd);
  return written;
}

export const systemDisk: Disk = {
  open: (path, flags, mode) => openFd(path, flags | OPEN_FLAG, mode),
  write: WRITES_THROUGH ? writeOnce : writeAndFlush,
  async layOut(fd, position, length) {
    const zeros = Buffer.alloc(length);
    for (let done = 0; done < length;) done += await writeOnce(fd, zeros, done, position + done);
  },
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
