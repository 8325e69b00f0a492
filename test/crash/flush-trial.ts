/**
 * `kill -9` leaves what a process wrote in the system's cache, so it cannot show that anything was
 * flushed. What the process asked of the system can: for each answered call the record is written,
 * flushed, and only then the first byte of the answer sent.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { makeKey, notesConfiguration, writeNote } from './notes.ts';
import { startServer } from './server.ts';
import { holds, skipped, type Trial } from './trial.ts';

const CALLS = 5;
const WHAT = 'each record is flushed before the first byte of its answer';

export const flushTrial: Trial = {
  name: 'flush',
  async run() {
    if (!hasStrace()) return [skipped(WHAT, '`strace` is not installed')];
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-flush-'));
    try {
      const place = { config: notesConfiguration(folder), dataDir: join(folder, 'data') };
      const key = await makeKey(place.dataDir);
      const server = await startServer(place);
      const trace = join(folder, 'trace');
      // The first calls make connections, segments and prepared statements.
      await writeNote(server.url, key, 'warm');
      const tracer = spawn('strace', ['-f', '-p', String(server.pid), '-s', '160', '-o', trace, '-e', TRACED], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await once(tracer.stderr, 'data');
      for (let call = 0; call < CALLS; call++) await writeNote(server.url, key, `flushed-${call}`);
      tracer.kill('SIGINT');
      await once(tracer, 'close');
      await server.stop();
      const { answers, early } = judge(readFileSync(trace, 'utf8'));
      return [
        holds('the trace shows every answer', answers === CALLS, `${answers} of ${CALLS}`),
        holds(WHAT, early.length === 0, early[0] ?? 'yes'),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const TRACED = 'trace=pwrite64,write,writev,fdatasync,fsync,sendto,sendmsg';

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the calls in the order in which they ended. A record's write makes the log dirty, a flush that
 * ended after it makes it clean; an answer while it is dirty, or without a record since the last one,
 * came too early.
 */
function judge(trace: string): { readonly answers: number; readonly early: readonly string[] } {
  const early: string[] = [];
  const begun = new Map<string, string>();
  let answers = 0;
  let recorded = false;
  let dirty = false;
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    let call = rest;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length));
      // An answer counts from its beginning; a write or a flush from its end.
      if (!isAnswer(rest)) continue;
    } else if (rest.startsWith('<... ')) {
      call = begun.get(thread) ?? '';
      if (isAnswer(call)) continue;
    }
    if (/^pwrite64\(.*\\"type\\":\\"tool\.call\\"|^pwrite64\(\d+, "[0-9a-f]{64} /.test(call))
      [recorded, dirty] = [true, true];
    else if (/^(?:fdatasync|fsync)\(/.test(call)) dirty = false;
    else if (isAnswer(call)) {
      answers++;
      if (!recorded || dirty) early.push(call.slice(0, 120));
      recorded = false;
    }
  }
  return { answers, early };
}

const isAnswer = (call: string): boolean => /^(?:write|writev|sendto|sendmsg)\(.*HTTP\/1\.1 200/.test(call);
