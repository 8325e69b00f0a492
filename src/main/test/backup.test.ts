import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { reveal } from '#kernel';
import { listBackups, makeKeyPair, parsePrivateKey, readBackup } from '#backup';
import { restoreMarker } from '#db';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer | undefined;
beforeEach(() => {
  place = workspace();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

it('a server makes backups on its schedule while it serves, and a command restores one that knows what was revoked', async () => {
  const pair = makeKeyPair();
  const [folder, ledger] = [join(place.folder, 'backups'), join(place.folder, 'ledger')];
  mkdirSync(ledger, { mode: 0o700 });
  const { id } = await makeKey(place.dataDir);
  const settings = `kind: server\nledger: ${ledger}\nbackup:\n  folder: ${folder}\n  recipient: ${pair.recipient}\n`;
  const config = place.write('tools.yaml', `${settings}---\n${CITIES}`);
  server = await start(['--config', config, '--data-dir', place.dataDir]);
  await vi.waitFor(() => expect(listBackups(folder)).toHaveLength(1), { timeout: 30_000, interval: 50 });
  const file = listBackups(folder)[0]?.path ?? '';
  expect((await readBackup(file, parsePrivateKey(pair.privateKey))).database.type).toBe('sqlite');

  const created = async (): Promise<void> => {
    const { stdout: records } = await run(['audit', 'query', '--data-dir', place.dataDir, '--json']);
    expect(records).toContain('"backup.created"');
  };
  await vi.waitFor(created, { timeout: 30_000 });

  // By a command beside the server, into the ledger that the configuration names.
  expect((await run(['key', 'revoke', id, '--config', config, '--data-dir', place.dataDir])).code).toBe(0);
  const key = place.write('backup.key', reveal(pair.privateKey));
  const next = place.file('next');
  const restored = await run(['restore', file, '--key', key, '--config', config, '--data-dir', next, '--json']);
  expect(JSON.parse(restored.stdout)).toMatchObject({ ledgerEntries: 1, endedAgain: 1 });
  // The log was continued under a key of its own, and what was signed before is still believed.
  const verified = await run(['audit', 'verify', '--data-dir', next, '--json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, findings: [] });
  const { stdout } = await run(['key', 'list', '--data-dir', next, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ keys: [{ id, state: 'revoked' }] });
});

it('revokes nothing while the volume of the ledger is away, says so at the start, and takes another on command', async () => {
  const ledger = join(place.folder, 'ledger');
  const config = place.write('tools.yaml', `kind: server\nledger: ${ledger}\n---\n${CITIES}`);
  const { id } = await makeKey(place.dataDir);
  const there = ['--config', config, '--data-dir', place.dataDir];
  expect((await run(['key', 'revoke', id, ...there])).stderr).toContain('error LEDGER_UNAVAILABLE');
  mkdirSync(ledger, { mode: 0o700 });
  expect((await run(['key', 'list', ...there])).code).toBe(0);
  rmSync(ledger, { recursive: true });
  mkdirSync(ledger, { mode: 0o700 });
  server = await start(there);
  expect(server.stderr()).toContain('ledger.unknown');
  expect((await run(['key', 'revoke', id, ...there])).stderr).toContain('error LEDGER_UNKNOWN');
  expect((await run(['ledger', 'adopt', ...there])).stdout).toMatch(/^The ledger [0-9a-z]{26} with 0 entries\.\n$/);
  expect((await run(['key', 'revoke', id, ...there])).code).toBe(0);
});

it('refuses to serve a data directory into which a restore was cut short', async () => {
  mkdirSync(place.dataDir, { mode: 0o700 });
  writeFileSync(restoreMarker(place.dataDir), '{}');
  const config = place.write('tools.yaml', CITIES);
  const ended = await run(['serve', '--port', '0', '--config', config, '--data-dir', place.dataDir]);
  expect([ended.code, ended.stdout]).toEqual([1, '']);
  expect(ended.stderr).toContain('error RESTORE_INCOMPLETE');
});
