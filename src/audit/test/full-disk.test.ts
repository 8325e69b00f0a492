import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, type TestContext } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import { exportPublicKey, trustKeys } from '../checkpoint/signing-key.ts';
import { openAuditLog, openAuditStore } from '../open-audit-log.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { event, scratch } from './audit.fixture.ts';

/** A file system of its own, which may be full or read-only without disturbing anybody. */
let mount = '';
let problem: string | undefined;

const run = (...args: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync(args[0] as string, args.slice(1), { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

beforeEach(() => {
  mount = join(scratch(), 'disk');
  mkdirSync(mount);
  problem = run('mount', '-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'chatelaine-test', mount);
});
afterEach(() => {
  if (problem === undefined) run('umount', '-l', mount);
});

const needsMount = (context: TestContext): void => {
  if (problem !== undefined) context.skip(`mounting a file system is not permitted here: ${problem}`);
};

const open = (root: string): Promise<AuditLog> =>
  openAuditLog({ root, clock: systemClock, logger: silentLogger, checkpoints: { records: 1000, ms: 3_600_000 } });

async function verify(root: string) {
  const { store, signingKey } = await openAuditStore({ root, clock: systemClock });
  const keys = trustKeys([exportPublicKey(signingKey)]);
  const report = await verifyLog(logStream(store), { installation: store.installation, keys });
  await store.close();
  return report;
}

describe('a disk that is full', () => {
  it('refuses records, answers questions, and takes records again when there is space', async (context) => {
    needsMount(context);
    const root = join(mount, 'audit');
    const log = await open(root);
    let acknowledged = 0;
    const append = async (): Promise<void> => {
      await log.append(event());
      acknowledged++;
    };
    await Promise.all(Array.from({ length: 50 }, append));
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(join(mount, 'filler'), Buffer.alloc(bavail * bsize - 40 * 1024));

    const attempts = await Promise.allSettled(Array.from({ length: 1500 }, append));
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refused.length).toBeGreaterThan(100);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'AUDIT_UNAVAILABLE',
        status: 503,
        message: expect.stringContaining('ENOSPC'),
      });
    }
    expect(log.status.available).toBe(false);
    expect((await log.query({ type: 'tool.call' }, { limit: 1000 })).records).toHaveLength(acknowledged);

    rmSync(join(mount, 'filler'));
    await vi.waitFor(() => expect(log.status.available).toBe(true), 10_000);
    await Promise.all(Array.from({ length: 100 }, append));
    expect((await log.query({ type: 'tool.call' }, { limit: 1000 })).records).toHaveLength(acknowledged);
    await log.close();
    expect(await verify(root)).toMatchObject({ ok: true, findings: [] });
  });
});

describe('a file system that is read-only', () => {
  it('refuses records, answers questions and verifies, and takes records again when it can be written', async (context) => {
    needsMount(context);
    const root = join(mount, 'audit');
    const before = await open(root);
    await Promise.all(Array.from({ length: 20 }, () => before.append(event())));
    await before.close();
    expect(run('mount', '-o', 'remount,ro', mount)).toBeUndefined();

    const log = await open(root);
    await expect(log.append(event())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(log.status.available).toBe(false);
    expect((await log.query({ type: 'tool.call' }, { limit: 1000 })).records).toHaveLength(20);
    expect(await verify(root)).toMatchObject({ ok: true, records: 21 });

    expect(run('mount', '-o', 'remount,rw', mount)).toBeUndefined();
    await vi.waitFor(() => expect(log.status.available).toBe(true), 10_000);
    await log.append(event());
    expect((await log.query({ type: 'tool.call' }, { limit: 1000 })).records).toHaveLength(21);
    await log.close();
    expect(await verify(root)).toMatchObject({ ok: true, findings: [] });
  });
});
