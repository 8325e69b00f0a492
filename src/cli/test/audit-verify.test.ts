import { createPublicKey } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '#audit';
import { silentLogger, systemClock } from '#kernel';
import { runHere, temporaryDirectory, type Ended } from './cli.fixture.ts';

/** Adds calls to the log of a data directory, and a checkpoint over them. */
async function serveSome(dataDir: string): Promise<void> {
  const root = join(dataDir, 'audit');
  const log = await openAuditLog({ root, clock: systemClock, logger: silentLogger });
  for (let count = 0; count < 3; count++) {
    await log.append({
      class: 'tool-call',
      type: 'tool.call',
      door: 'mcp',
      actor: { kind: 'agent', iss: 'chatelaine', sub: 'bot', name: 'bot' },
      action: 'call',
      outcome: 'success',
    });
  }
  await log.close();
}

interface Anchored {
  /** A log with two checkpoints, and the same as it was after the first. */
  readonly now: string;
  readonly earlier: string;
  /** What an anchor kept: both checkpoints. */
  readonly anchor: string;
  /** The public key, from elsewhere than the log. */
  readonly key: string;
}

async function anchored(): Promise<Anchored> {
  const place = temporaryDirectory();
  const [now, earlier] = [join(place, 'now'), join(place, 'earlier')];
  await serveSome(now);
  const mask = process.umask(0o077);
  cpSync(now, earlier, { recursive: true });
  process.umask(mask);
  await serveSome(now);
  const [anchor, key] = [join(place, 'anchor'), join(place, 'key.pem')];
  const kept = readFileSync(join(now, 'audit', 'checkpoints.log'), 'utf8')
    .trim()
    .split('\n');
  writeFileSync(anchor, kept.map((line) => `<109>1 2026-11-21T09:30:00Z host chatelaine ${line}\n`).join(''));
  const publicKey = createPublicKey(readFileSync(join(now, 'audit', 'signing.key')));
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }));
  return { now, earlier, anchor, key };
}

/** Everything written and signed anew, with the right key, under the right name. */
async function forge({ now }: Anchored): Promise<string> {
  const forged = temporaryDirectory();
  mkdirSync(join(forged, 'audit'), { mode: 0o700 });
  for (const file of ['installation', 'signing.key']) {
    writeFileSync(join(forged, 'audit', file), readFileSync(join(now, 'audit', file)), { mode: 0o600 });
  }
  await serveSome(forged);
  await serveSome(forged);
  return forged;
}

const verify = (...options: string[]): Promise<Ended> => runHere(['audit', 'verify', ...options]);

async function exported(dataDir: string): Promise<string> {
  const file = join(temporaryDirectory(), 'audit.ndjson');
  writeFileSync(file, (await runHere(['audit', 'export', '--data-dir', dataDir])).stdout);
  return file;
}

describe('audit verify --anchor', () => {
  test('passes a log that still holds what the anchor kept, and the export of it', async () => {
    const { now, anchor, key } = await anchored();
    expect(await verify('--data-dir', now, '--anchor', anchor)).toMatchObject({ code: 0 });
    const file = await exported(now);
    expect(await verify('--export', file, '--key', key, '--anchor', anchor)).toMatchObject({ code: 0 });
  });

  test('shows a log that was rolled back, which nothing in it does', async () => {
    const { earlier, anchor, key } = await anchored();
    expect(await verify('--data-dir', earlier)).toMatchObject({ code: 0 });
    const found = await verify('--data-dir', earlier, '--anchor', anchor);
    expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining('checkpoint 2 is missing') as string });
    const file = await exported(earlier);
    expect(await verify('--export', file, '--key', key)).toMatchObject({ code: 0 });
    expect(await verify('--export', file, '--key', key, '--anchor', anchor)).toMatchObject({ code: 1 });
  });

  test('shows a log that was written and signed anew with the right key', async () => {
    const place = await anchored();
    const forged = await forge(place);
    expect(await verify('--data-dir', forged)).toMatchObject({ code: 0 });
    const other = join(temporaryDirectory(), 'other');
    writeFileSync(other, readFileSync(place.anchor, 'utf8').split('\n')[0] ?? '');
    for (const anchors of [[place.anchor], [other, place.anchor].toReversed()]) {
      const found = await verify('--data-dir', forged, ...anchors.flatMap((file) => ['--anchor', file]));
      expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining('not the one that was made') as string });
    }
    const file = await exported(forged);
    const found = await verify('--export', file, '--key', place.key, '--anchor', place.anchor);
    expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining('checkpoint 1 is not') as string });
  });

  test('refuses a file in which there is no checkpoint, one that is not there, and a server', async () => {
    const { now, anchor } = await anchored();
    const empty = join(temporaryDirectory(), 'empty');
    writeFileSync(empty, 'nothing of ours\n');
    expect((await verify('--data-dir', now, '--anchor', anchor, '--anchor', empty)).stderr).toContain('AUDIT_DAMAGED');
    rmSync(empty);
    expect((await verify('--data-dir', now, '--anchor', empty)).stderr).toContain('FILE_UNUSABLE');
    const asked = await verify('--server', 'http://127.0.0.1:1', '--anchor', anchor);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--anchor') as string });
  });
});
