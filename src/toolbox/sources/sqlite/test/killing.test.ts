import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, expect, it, vi } from 'vitest';
import { toolboxError } from '../../../errors.ts';
import { codeOf, rowsOf } from '../../test/sql-source.contract.ts';
import { ChildPool } from '../child-pool.ts';
import { ENDLESS, Scratch } from './scratch.fixture.ts';

const scratch = new Scratch();
afterAll(async () => scratch.remove());

// The machine may pause this process; a statement on the event loop would pause it every time.
it('keeps the event loop free while a statement runs for as long as it may', { retry: 5 }, async () => {
  scratch.behind(
    'busy.db',
    'CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY); INSERT OR IGNORE INTO t VALUES (1)',
  );
  const source = scratch.open({ database: 'busy.db' });
  const lookup = async () => rowsOf(source, 'SELECT id FROM t WHERE id = ?', [1]);
  await lookup();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const before = process.threadCpuUsage();
  delay.enable();
  const endless = codeOf(rowsOf(source, ENDLESS, [], { timeoutMs: 1500 }));
  expect(await Promise.race([endless, lookup()])).toEqual([{ id: 1 }]);
  expect(await endless).toBe('TOOL_TIMEOUT');
  delay.disable();
  const used = process.threadCpuUsage(before);
  expect((used.user + used.system) / 1000).toBeLessThan(500);
  expect(delay.max / 1e6).toBeLessThan(100);
});

it('leaves no process behind that runs what was given up', async () => {
  scratch.behind('left.db', 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
  const source = scratch.open({ database: 'left.db' });
  const writing = `INSERT INTO t ${ENDLESS}`;
  expect(await codeOf(rowsOf(source, writing, [], { timeoutMs: 300 }))).toBe('TOOL_TIMEOUT');
  // The write lock is free again only once the killed process is gone.
  await rowsOf(source, 'INSERT INTO t VALUES (1)');
  expect(await rowsOf(source, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 1 }]);
});

it('lets waiting calls time out and leave while every process is busy', async () => {
  const source = scratch.open({ database: 'queue.db', processes: 1 });
  const busy = codeOf(rowsOf(source, ENDLESS, [], { timeoutMs: 1000 }));
  const caller = new AbortController();
  const left = rowsOf(source, 'SELECT 2 AS n', [], { signal: caller.signal });
  const late = codeOf(rowsOf(source, 'SELECT 3 AS n', [], { timeoutMs: 200 }));
  const patient = rowsOf(source, 'SELECT 4 AS n');
  caller.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(await late).toBe('TOOL_TIMEOUT');
  expect(await busy).toBe('TOOL_TIMEOUT');
  expect(await patient).toEqual([{ n: 4 }]);
});

const request = { text: '', values: [], readOnly: false, maxRows: 10, maxBytes: 1000, judge: false };
const patience = new AbortController().signal;

it('says so when a process dies under a statement, and starts another for the next', async () => {
  const location = { path: scratch.path('pool.db'), readOnly: false, busyTimeoutMs: 100 };
  const pool = new ChildPool({ name: 'pool', location, size: 1, idleMs: 60_000 });
  const failure = pool.run({ ...request, text: ENDLESS }, patience).catch((error: unknown) => error);
  const [child = 0] = pool.processIds;
  process.kill(child, 'SIGSEGV');
  expect(await failure).toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('SIGSEGV') });
  expect(await pool.run({ ...request, text: 'SELECT 1 AS one' }, patience)).toMatchObject({ rows: '[{"one":1}]' });
  const [next = 0] = pool.processIds;
  expect(next).not.toBe(child);
  await pool.close();
  expect(() => process.kill(next, 0)).toThrow('ESRCH');
});

it('starts processes as they are needed and no more, and lets idle ones go', async () => {
  const location = { path: scratch.path('idle.db'), readOnly: false, busyTimeoutMs: 100 };
  const pool = new ChildPool({ name: 'pool', location, size: 2, idleMs: 50 });
  const stop = new AbortController();
  const running = Array.from({ length: 3 }, async () =>
    pool.run({ ...request, text: ENDLESS }, stop.signal).catch(() => 'stopped'),
  );
  expect(pool.processIds).toHaveLength(2);
  stop.abort(toolboxError('TOOL_TIMEOUT', 'enough'));
  expect(await Promise.all(running)).toEqual(Array(3).fill('stopped'));
  await pool.run({ ...request, text: 'SELECT 1 AS one' }, patience);
  await vi.waitFor(() => expect(pool.processIds).toEqual([]));
  expect(await pool.run({ ...request, text: 'SELECT 2 AS two' }, patience)).toMatchObject({ rows: '[{"two":2}]' });
  await pool.close();
});

it.runIf(process.platform === 'linux')(
  'offers a child, not the server, to a machine that runs out of memory',
  async () => {
    const location = { path: scratch.path('memory.db'), readOnly: false, busyTimeoutMs: 100 };
    const pool = new ChildPool({ name: 'pool', location, size: 1, idleMs: 60_000 });
    await pool.run({ ...request, text: 'SELECT 1 AS one' }, patience);
    expect(readFileSync(`/proc/${pool.processIds[0]}/oom_score_adj`, 'utf8').trim()).toBe('1000');
    await pool.close();
  },
);
