/** Disks that stop taking writes, for the whole data directory: made for a trial and gone with it. */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

export interface FailingDisk {
  readonly name: string;
  /** Whether it can be written again while a server runs on it. */
  readonly healsInUse: boolean;
  /** Mounts it; gives what the system said when it refused. */
  mount(path: string): string | undefined;
  /** Makes it unwritable. */
  strike(path: string): void;
  /** Makes it writable again. Unless it heals in use, nobody may have it open. */
  heal(path: string): void;
  /** Takes it away, whatever state it is in. */
  remove(path: string): void;
}

const full: FailingDisk = {
  name: 'disk-full',
  healsInUse: true,
  mount: (path) => run('mount', '-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'chatelaine-crash', path),
  strike(path) {
    const { bavail, bsize } = statfsSync(path);
    writeFileSync(fillerOf(path), Buffer.alloc(bavail * bsize));
  },
  heal: (path) => rmSync(fillerOf(path)),
  remove: (path) => void run('umount', '-l', path),
};

/**
 * With everything that is open in it, which no mount option can do: the system makes nothing read-only that
 * somebody has open for writing. It is what ext4 does to itself when its disk fails
 * (`errors=remount-ro`), and it stays so until it is unmounted and checked.
 */
const readOnly: FailingDisk = {
  name: 'disk-read-only',
  healsInUse: false,
  mount(path) {
    const file = openSync(imageOf(path), 'w', 0o600);
    ftruncateSync(file, 64 * 1024 * 1024);
    closeSync(file);
    return run('mkfs.ext4', '-q', '-F', imageOf(path)) ?? mountImage(path) ?? refusalToWrite(triggerOf(path));
  },
  strike(path) {
    writeFileSync(triggerOf(path), 'trial of a failing disk');
  },
  heal(path) {
    mustRun('umount', path);
    const { status, stdout } = spawnSync('e2fsck', ['-f', '-y', imageOf(path)], { encoding: 'utf8' });
    // 1: errors were corrected, as they should be.
    if (status !== 0 && status !== 1) throw new Error(`the disk could not be repaired: ${stdout}`);
    const refused = mountImage(path);
    if (refused !== undefined) throw new Error(refused);
  },
  remove(path) {
    run('umount', '-l', path);
    rmSync(imageOf(path), { force: true });
  },
};

export const failingDisks: readonly FailingDisk[] = [full, readOnly];

const imageOf = (path: string): string => `${path}.ext4`;

const mountImage = (path: string): string | undefined =>
  run('mount', '-o', 'loop,errors=remount-ro', imageOf(path), path) ?? run('chmod', '0700', path);

const triggerOf = (path: string): string => `/sys/fs/ext4/${basename(deviceOf(path))}/trigger_fs_error`;

function refusalToWrite(file: string): string | undefined {
  try {
    accessSync(file, constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function deviceOf(path: string): string {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const device = lines.map((line) => line.split(' ')).find(([, at]) => at === path)?.[0];
  if (device === undefined) throw new Error(`nothing is mounted at \`${path}\``);
  return device;
}

const fillerOf = (path: string): string => join(path, 'filler');

/** What the system said when it refused; undefined when it did not. */
function run(program: string, ...args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

function mustRun(program: string, ...args: readonly string[]): void {
  const refused = run(program, ...args);
  if (refused !== undefined) throw new Error(refused);
}
