import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { openDatabase } from '#db';
import { emptyPlace, type TestDialect } from '../../../test/databases.ts';
import type { AuditLog } from '../audit-log.ts';
import { trustKeys, exportPublicKey } from '../checkpoint/signing-key.ts';
import { openAuditLog, openAuditStore, type OpenAuditOptions } from '../open-audit-log.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { event } from './audit.fixture.ts';

const WRITER = join(import.meta.dirname, 'crash-writer.fixture.ts');

interface Acknowledged {
  readonly id: string;
  readonly writer: string;
  readonly seq: number;
}

/** Where a log lies, as this process and others open it. */
interface Site {
  readonly options: Pick<OpenAuditOptions, 'root' | 'clock' | 'storage'>;
  /** What another process is told. */
  readonly words: readonly string[];
}

async function site(dialect: TestDialect): Promise<Site> {
  const { place, directory, document } = await emptyPlace(dialect);
  const root = join(directory, 'audit');
  if (!('postgres' in place)) return { options: { root, clock: systemClock }, words: [root] };
  const database = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => database.close());
  const storage = { settings: place.postgres, database };
  return { options: { root, clock: systemClock, storage }, words: [root, JSON.stringify(document)] };
}

const openHere = ({ options }: Site): Promise<AuditLog> => openAuditLog({ ...options, logger: silentLogger });

/** Runs a writer until it has acknowledged so many records, then kills it. What it acknowledged. */
async function runAndKill({ words }: Site, records: number): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', WRITER, ...words], {
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
async function storedIds({ options }: Site): Promise<ReadonlyMap<string, string>> {
  const { store } = await openAuditStore(options);
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

async function verify({ options }: Site) {
  const { store, signingKey } = await openAuditStore(options);
  const report = await verifyLog(logStream(store), {
    installation: store.installation,
    keys: trustKeys([exportPublicKey(signingKey)]),
  });
  await store.close();
  return report;
}

describe.each([
  { where: 'segment files', dialect: 'sqlite', rounds: 20 },
  { where: 'PostgreSQL', dialect: 'postgres', rounds: 8 },
] as const)('a process that is killed while it writes to $where', ({ dialect, rounds }) => {
  it(`has every record that it acknowledged, ${rounds} times in a row, and the chain verifies`, async () => {
    const at = await site(dialect);
    const all: Acknowledged[] = [];
    for (let round = 1; round <= rounds; round++) {
      all.push(...(await runAndKill(at, 1 + ((round * 7919) % 700))));
      const started = performance.now();
      const log = await openHere(at);
      const { id, writer, seq } = await log.append(event({ type: 'after.crash' }));
      expect(performance.now() - started).toBeLessThan(5000);
      all.push({ id, writer, seq });
      await log.close();

      const stored = await storedIds(at);
      const lost = all.filter((record) => stored.get(`${record.writer} ${record.seq}`) !== record.id);
      expect(lost).toEqual([]);
      expect(await verify(at)).toMatchObject({ ok: true, findings: [] });
    }
    expect(all.length).toBeGreaterThan(rounds * 100);
    // Chains are taken up again: a crash leaves no orphan behind. A server may notice a moment late
    // that a process is gone; then there is one more, which is taken up as well.
    expect(new Set(all.map(({ writer }) => writer)).size).toBeLessThanOrEqual(dialect === 'sqlite' ? 1 : 2);
  }, 300_000);

  it('writes beside a living one in a chain of its own', async () => {
    const at = await site(dialect);
    const living = await openHere(at);
    const own = await living.append(event());
    const theirs = await runAndKill(at, 300);
    expect(new Set(theirs.map(({ writer }) => writer))).not.toContain(own.writer);
    await living.append(event());
    await living.checkpoint();
    await living.close();
    const stored = await storedIds(at);
    expect(theirs.filter((record) => stored.get(`${record.writer} ${record.seq}`) !== record.id)).toEqual([]);
    expect(await verify(at)).toMatchObject({ ok: true, findings: [] });
  });
});
