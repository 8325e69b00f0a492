import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger, systemClock, type Clock } from '#kernel';
import { BackupSchedule, listBackups, makeKeyPair, parsePrivateKey, readBackup, type CreatedBackup } from '#backup';
import { newBackupName } from '../create/folder.ts';
import { startInstallation, temporaryDirectory, type Installation } from './backup.fixture.ts';

const pair = makeKeyPair();
const HOUR_MS = 3_600_000;
const patience = { timeout: 30_000, interval: 20 };

function schedule(start: Installation, folder: string, clock: Clock, keep = 14) {
  const made: CreatedBackup[] = [];
  const lines: string[] = [];
  const running = new BackupSchedule({
    settings: { folder, recipient: pair.recipient, every: HOUR_MS, keep },
    place: start.at.place,
    dataDirectory: start.at.directory,
    ledger: start.ledger,
    clock,
    log: createLogger({
      level: 'info',
      format: () => 'json',
      destination: { write: (line: string) => lines.push(line) },
    }),
    version: '1',
    made: async (backup) => void made.push(backup),
  });
  onTestFinished(() => running.close());
  return { running, made, lines };
}

test('makes one at once where there is none, opened by the private key, and deletes what is beyond its number', async () => {
  const start = await startInstallation('sqlite');
  const folder = join(temporaryDirectory(), 'backups');
  mkdirSync(folder, { mode: 0o700 });
  for (const day of [1, 2, 3]) writeFileSync(join(folder, newBackupName(Date.UTC(2020, 0, day))), 'old');
  writeFileSync(join(folder, 'notes.txt'), 'not ours');
  const { made } = schedule(start, folder, systemClock, 2);
  await vi.waitFor(() => expect(made).toHaveLength(1), patience);
  const left = listBackups(folder);
  expect(left.map(({ at }) => new Date(at).getUTCFullYear() > 2020)).toEqual([true, false]);
  expect((await readBackup(left[0]?.path ?? '', parsePrivateKey(pair.privateKey))).version).toBe('1');
});

test('of two servers on one folder one makes it', async () => {
  const start = await startInstallation('sqlite');
  const folder = join(temporaryDirectory(), 'backups');
  const [one, two] = [schedule(start, folder, systemClock), schedule(start, folder, systemClock)];
  await vi.waitFor(() => expect(one.made.length + two.made.length).toBe(1), patience);
  await Promise.all([one.running.close(), two.running.close()]);
  expect(listBackups(folder)).toHaveLength(1);
  expect([...one.lines, ...two.lines].filter((line) => line.includes('backup.failed'))).toEqual([]);
});

test('makes none while the newest is young, and says why when it cannot', async () => {
  const start = await startInstallation('sqlite');
  const folder = join(temporaryDirectory(), 'backups');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, newBackupName(Date.now() - HOUR_MS / 2)), 'young');
  const young = schedule(start, folder, systemClock);
  await young.running.close();
  expect([young.made, listBackups(folder).length]).toEqual([[], 1]);

  const broken = join(temporaryDirectory(), 'file');
  writeFileSync(broken, '');
  const { lines } = schedule(start, join(broken, 'backups'), systemClock);
  await vi.waitFor(() => expect(lines.join('')).toContain('backup.failed'), patience);
  expect(lines.join('')).toContain('ENOTDIR');
});
