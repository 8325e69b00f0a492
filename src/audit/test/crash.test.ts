import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { trustKeys, exportPublicKey } from '../checkpoint/signing-key.ts';
import { openAuditLog, openAuditStore } from '../open-audit-log.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { event, scratch } from './audit.fixture.ts';

const ROUNDS = 20;
const WRITER = join(import.meta.dirname, 'crash-writer.fixture.ts');

interface Acknowledged {
  readonly id: string;
  readonly writer: string;
  readonly seq: number;
}

/** Runs a writer until it has acknowledged so many records, then kills it. What it acknowledged. */
async function runAndKill(root: string, records: number): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', WRITER, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [id, writer, seq] = line.split(' ');
    if (seq !== undefined) acknowledged.push({ id: id as string, writer: writer as string, seq: Number(seq) });
    // What it wrote to the pipe before it died still comes.
    if (acknowledged.length === records) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return acknowledged;
}

/** Every stored record by chain and number. */
async function storedIds(root: string): Promise<ReadonlyMap<string, string>> {
  const { store } = await openAuditStore({ root, clock: systemClock });
  const ids = new Map<string, string>();
  for (const { id: writer } of await store.writers()) {
    for await (const entries of store.read(writer, 0)) {
      for (const entry of entries) {
        if (entry.kind === 'fault') throw new Error(entry.message);
        const { seq, id } = JSON.parse(entry.canonical) as { seq: number; id: string };
        ids.set(`${writer} ${seq}`, id);
      }
    }
  }
  await store.close();
  return ids;
}

async function verify(root: string) {
  const { store, signingKey } = await openAuditStore({ root, clock: systemClock });
  const report = await verifyLog(logStream(store), {
    installation: store.installation,
    keys: trustKeys([exportPublicKey(signingKey)]),
  });
  await store.close();
  return report;
}

describe('a process that is killed while it writes', () => {
  it(`has every record that it acknowledged, ${ROUNDS} times in a row, and the chain verifies`, async () => {
    const root = join(scratch(), 'audit');
    const all: Acknowledged[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      all.push(...(await runAndKill(root, 1 + ((round * 7919) % 700))));
      const started = performance.now();
      const log = await openAuditLog({ root, clock: systemClock, logger: silentLogger });
      const { id, writer, seq } = await log.append(event({ type: 'after.crash' }));
      expect(performance.now() - started).toBeLessThan(5000);
      all.push({ id, writer, seq });
      await log.close();

      const stored = await storedIds(root);
      const lost = all.filter((record) => stored.get(`${record.writer} ${record.seq}`) !== record.id);
      expect(lost).toEqual([]);
      expect(await verify(root)).toMatchObject({ ok: true, findings: [] });
    }
    expect(all.length).toBeGreaterThan(ROUNDS * 100);
    // One chain, taken up again each time: a crash leaves no orphan behind.
    expect(new Set(all.map(({ writer }) => writer)).size).toBe(1);
  }, 300_000);

  it('writes beside a living one in a chain of its own', async () => {
    const root = join(scratch(), 'audit');
    const living = await openAuditLog({ root, clock: systemClock, logger: silentLogger });
    const own = await living.append(event());
    const theirs = await runAndKill(root, 300);
    expect(new Set(theirs.map(({ writer }) => writer))).not.toContain(own.writer);
    await living.append(event());
    await living.checkpoint();
    await living.close();
    const stored = await storedIds(root);
    expect(theirs.filter((record) => stored.get(`${record.writer} ${record.seq}`) !== record.id)).toEqual([]);
    expect(await verify(root)).toMatchObject({ ok: true, findings: [] });
  });
});
