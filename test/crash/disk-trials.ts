/**
 * A disk that is full and one that is read-only: what must be on record is refused with a clear error,
 * the process lives and says that it is not ready, nothing acknowledged is lost, and it goes on by
 * itself when the disk is well again.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readAudit } from './audit-report.ts';
import { invoke, makeKey, notesConfiguration, writeNote } from './notes.ts';
import { startServer, type Place, type Server } from './server.ts';
import { holds, none, skipped, type Trial, type Verdict } from './trial.ts';

const RECOVERY_MS = 10_000;
const CALLS = 200;

interface Fault {
  readonly name: string;
  /** Where the disk is mounted, from the data directory. */
  readonly at: string;
  /** Makes the disk unwritable; gives what makes it writable again. */
  readonly strike: (mount: string, call: () => Promise<number>) => Promise<() => void>;
}

const full: Fault = {
  name: 'disk-full',
  at: '.',
  strike: async (mount) => fill(mount),
};

/**
 * Of the audit log alone: the system makes nothing read-only that somebody has open for writing, as the
 * database is. The log lets go of its files when the disk is full, so that comes first.
 */
const readOnly: Fault = {
  name: 'disk-read-only',
  at: 'audit',
  async strike(mount, call) {
    const heal = fill(mount);
    await until(call, (status) => status !== 200);
    await until(async () => Number(run('mount', '-o', 'remount,ro', mount) === undefined), Boolean);
    return () => {
      mustRun('mount', '-o', 'remount,rw', mount);
      heal();
    };
  },
};

/** Takes all space; gives what gives it back. */
function fill(mount: string): () => void {
  const filler = join(mount, 'filler');
  const { bavail, bsize } = statfsSync(mount);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  return () => rmSync(filler);
}

export const diskTrials: readonly Trial[] = [full, readOnly].map((fault) => ({
  name: fault.name,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-disk-'));
    const dataDir = join(folder, 'data');
    const mount = join(dataDir, fault.at);
    mkdirSync(mount, { recursive: true, mode: 0o700 });
    const refused = run('mount', '-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'chatelaine-crash', mount);
    if (refused !== undefined) {
      rmSync(folder, { recursive: true, force: true });
      return [skipped(fault.name, `mounting a file system is not permitted here: ${refused}`)];
    }
    try {
      return await hold(fault, { config: notesConfiguration(folder), dataDir }, mount);
    } finally {
      run('umount', '-l', mount);
      rmSync(folder, { recursive: true, force: true });
    }
  },
}));

async function hold(fault: Fault, place: Place, mount: string): Promise<readonly Verdict[]> {
  const key = await makeKey(place.dataDir);
  const server = await startServer(place);
  let acknowledged = 0;
  const call = async (): Promise<number> => {
    const status = await writeNote(server.url, key, 'a note');
    if (status === 200) acknowledged++;
    return status;
  };
  for (let before = 0; before < CALLS; before++) await call();

  const heal = await fault.strike(mount, call);
  const during = await until(call, (status) => status !== 200);
  const more = await Promise.all(Array.from({ length: CALLS }, call));
  // A page that is begun has room for a few more records: each is taken, until it has not.
  const unready = async (): Promise<number> => {
    await call();
    return await statusOf(server, '/readyz');
  };
  const alive = [await until(unready, (status) => status === 503), await statusOf(server, '/healthz')];
  const listed = await listTools(server, key);
  heal();
  const started = performance.now();
  const again = await until(call, (status) => status === 200);
  const recoveredMs = performance.now() - started;
  const readCall = await invoke(server.url, key, 'count_notes', {});
  const exit = await server.stop();
  const audit = await readAudit(place.dataDir);
  const recorded = audit.records.filter(({ type, outcome }) => type === 'tool.call' && outcome === 'success').length;
  return [
    holds(
      'writes are refused with 503',
      during === 503 && more.includes(503),
      `${during}, then ${[...new Set(more)].join(' ')}`,
    ),
    holds('the process lives and is not ready', alive.join(' ') === '503 200', alive.join(' ')),
    holds('lists are answered meanwhile', listed === 200, String(listed)),
    holds(
      'it goes on without a restart',
      again === 200 && recoveredMs < RECOVERY_MS,
      `after ${Math.round(recoveredMs)} ms`,
    ),
    holds('reads are answered afterwards', readCall === 200, String(readCall)),
    none('acknowledged calls without a record', Math.max(0, acknowledged + 1 - recorded)),
    holds('the chain verifies', audit.ok, audit.findings[0] ?? 'yes'),
    holds('it ends with 0', exit === 0, String(exit)),
  ];
}

/** Repeats a call until its status is as wished, or the time of a recovery is over. */
async function until(call: () => Promise<number>, wished: (status: number) => boolean): Promise<number> {
  const end = performance.now() + RECOVERY_MS;
  for (;;) {
    const status = await call();
    if (wished(status) || performance.now() > end) return status;
    await pause(20);
  }
}

const statusOf = async (server: Server, path: string): Promise<number> => (await fetch(`${server.url}${path}`)).status;

async function listTools(server: Server, key: string): Promise<number> {
  return (await fetch(`${server.url}/api/toolset`, { headers: { Authorization: `Bearer ${key}` } })).status;
}

/** What the system said when it refused; undefined when it did not. */
function run(program: string, ...args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

function mustRun(program: string, ...args: readonly string[]): void {
  const refused = run(program, ...args);
  if (refused !== undefined) throw new Error(refused);
}
