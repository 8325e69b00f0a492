import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { silentLogger, type Clock } from '#kernel';
import type { AuditEvent } from '#contract';
import { event } from './event.fixture.ts';
import { AuditLog, type AuditLogOptions } from '../audit-log.ts';
import { makeSigningKey, readSigningKey, type SigningKey } from '../checkpoint/signing-key.ts';
import { KeyedDigest } from '../record/digest.ts';
import { beforeZeros } from '../store/segments/read-lines.ts';
import { SegmentStore, type SegmentStoreOptions } from '../store/segments/segment-store.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog, type VerifyReport } from '../verify/verify.ts';

/** An empty directory, and how to remove it: what a `beforeAll` returns. */
export function suiteScratch(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-audit-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** An empty directory that goes with its test. */
export function scratch(): string {
  const { directory, remove } = suiteScratch();
  onTestFinished(remove);
  return directory;
}

export { event } from './event.fixture.ts';

export const START = Date.UTC(2026, 10, 21, 9, 30);

/** A clock that each look moves on by a millisecond. */
export function tickingClock(start = START): Clock {
  let now = start;
  return { now: () => now++ };
}

/** One key for all tests: making one takes longer than most of them. */
export const signingKey: SigningKey = readSigningKey(makeSigningKey());
export const trusted = new Map([[signingKey.id, signingKey.publicKey]]);
export const digest = new KeyedDigest(Buffer.alloc(32, 7));

export interface Opened {
  readonly root: string;
  readonly store: SegmentStore;
  readonly log: AuditLog;
}

type LogOptions = Partial<SegmentStoreOptions> & Partial<Omit<AuditLogOptions, 'store'>>;

/** A log in segment files; no checkpoint unless asked for. Closed with its test. */
export async function openLog(options: LogOptions = {}): Promise<Opened> {
  const { root = scratch(), clock = tickingClock(), rotation, disk, indexBehind, ...rest } = options;
  const store = new SegmentStore({
    root,
    clock,
    ...(rotation && { rotation }),
    ...(disk && { disk }),
    ...(indexBehind !== undefined && { indexBehind }),
  });
  const log = await openOn(store, clock, rest);
  onTestFinished(() => log.close());
  return { root, store, log };
}

/** The same in a folder that outlives a test; the caller closes it. */
export async function openLogAt(root: string, { rotation, ...rest }: LogOptions = {}): Promise<AuditLog> {
  const clock = tickingClock();
  return openOn(new SegmentStore({ root, clock, ...(rotation && { rotation }) }), clock, rest);
}

function openOn(store: SegmentStore, clock: Clock, rest: Partial<AuditLogOptions>): Promise<AuditLog> {
  return AuditLog.open({
    store,
    signingKey,
    digest,
    clock,
    logger: silentLogger,
    checkpoints: { records: Infinity, ms: 3_600_000 },
    retryMs: 5,
    ...rest,
  });
}

/** Appends `count` records and waits for all of them. */
export async function fill(log: AuditLog, count: number, overrides: Partial<AuditEvent> = {}): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, at) => log.append(event({ requestId: `req-${at}`, ...overrides }))),
  );
}

/** What `verify` says of the log in a folder. */
export async function verifyRoot(root: string): Promise<VerifyReport> {
  const store = new SegmentStore({ root, clock: tickingClock() });
  try {
    return await verifyLog(logStream(store), { installation: store.installation, keys: trusted });
  } finally {
    await store.close();
  }
}

/** The lines of a file. */
export const linesOf = async (file: string): Promise<string[]> => {
  const lines: string[] = [];
  const bytes = await readFile(file);
  const written = bytes.subarray(0, beforeZeros(bytes));
  for await (const line of createInterface({ input: Readable.from(written) })) lines.push(line);
  return lines;
};
