/**
 * `kill -9` leaves what a process wrote in the system's cache, so it cannot show that anything was
 * flushed. What the process asked of the system can: for each answered call the record is written,
 * flushed, and only then the first byte of the answer sent.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { judgeFlushes, TRACED } from './flush-judge.ts';
import { invoke, makeKey, notesConfiguration, writeNote } from './notes.ts';
import { startServer, type Server } from './server.ts';
import { holds, none, skipped, type Trial } from './trial.ts';

const ROUNDS = 5;
const WHAT = 'answered before the outcome was on the disk';

export const flushTrial: Trial = {
  name: 'flush',
  async run() {
    if (!hasStrace()) return [skipped(WHAT, '`strace` is not installed')];
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-flush-'));
    try {
      const place = { config: notesConfiguration(folder), dataDir: join(folder, 'data') };
      const key = await makeKey(place);
      const server = await startServer(place);
      const { trace, calls } = await traced(server, key, join(folder, 'trace'));
      const synced = syncedDescriptors(server.pid);
      await server.stop();
      const { answers, early } = judgeFlushes({ trace, calls, synced });
      return [
        holds('the trace shows every answer', answers === calls.length, `${answers} of ${calls.length}`),
        none(WHAT, early),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Calls a tool that writes, which has an intent on record as well, and one that reads, in turn. */
async function traced(
  server: Server,
  key: string,
  file: string,
): Promise<{ readonly trace: string; readonly calls: readonly string[] }> {
  const calls: string[] = [];
  const call = (): string => {
    const traceId = randomBytes(16).toString('hex');
    calls.push(traceId);
    return traceId;
  };
  // The first calls make connections, segments and prepared statements.
  await writeNote(server.url, key, 'warm');
  await invoke(server.url, key, 'count_notes', {});
  const tracer = spawn('strace', ['-f', '-p', String(server.pid), '-o', file, ...TRACED], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(tracer.stderr, 'data');
  for (let round = 0; round < ROUNDS; round++) {
    await writeNote(server.url, key, `flushed-${round}`, call());
    await invoke(server.url, key, 'count_notes', {}, call());
  }
  tracer.kill('SIGINT');
  await once(tracer, 'close');
  return { trace: readFileSync(file, 'utf8'), calls };
}

/** `flags` of proc_pid_fdinfo(5) are octal. */
const O_DSYNC = 0o10000;

function syncedDescriptors(pid: number): ReadonlySet<number> {
  const folder = `/proc/${pid}/fdinfo`;
  return new Set(
    readdirSync(folder)
      .filter((fd) => (Number.parseInt(flagsOf(join(folder, fd)), 8) & O_DSYNC) !== 0)
      .map(Number),
  );
}

/** None of one that was closed just now: what was written through it counts as not flushed. */
function flagsOf(file: string): string {
  try {
    return /^flags:\s*(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '0';
  } catch {
    return '0';
  }
}

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
