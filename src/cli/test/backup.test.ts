import { cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { restoreMarker } from '#db';
import { runHere, temporaryDirectory } from './cli.fixture.ts';

interface Folders {
  readonly data: string;
  readonly folder: string;
  readonly key: string;
  readonly recipient: string;
}

/** A data directory with a key in it, a folder for backups, and a pair. */
async function prepared(): Promise<Folders> {
  const root = temporaryDirectory();
  const [data, folder, key] = ['data', 'backups', 'backup.key'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const made = await runHere(['backup', 'key', 'create', '-o', key, '--json']);
  const { recipient } = JSON.parse(made.stdout) as { recipient: string };
  expect((await runHere(['key', 'create', '--agent', 'claude', '--data-dir', data])).code).toBe(0);
  return { data, folder, key, recipient };
}

const create = ({ data, folder, recipient }: Folders, ...more: readonly string[]) =>
  runHere(['backup', 'create', '--data-dir', data, '--folder', folder, '--recipient', recipient, ...more]);

interface Key {
  readonly id: string;
  readonly state: string;
}

test('key create, backup create, verify, list, revoke, restore elsewhere: revoked stays revoked', async () => {
  const folders = await prepared();
  const { data, folder, key } = folders;
  expect((statSync(key).mode & 0o777).toString(8)).toBe('600');
  const made = JSON.parse((await create(folders, '--json')).stdout) as { file: string; bytes: number };
  expect(made.bytes).toBe(statSync(made.file).size);
  const verified = await runHere(['backup', 'verify', made.file, '--key', key]);
  expect(verified).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^The backup is whole: \d+ files/) as string,
  });
  expect((await runHere(['backup', 'list', '--folder', folder])).stdout).toContain(made.file);

  const listed = JSON.parse((await runHere(['key', 'list', '--data-dir', data, '--json'])).stdout) as { keys: Key[] };
  await runHere(['key', 'revoke', listed.keys[0]?.id ?? '', '--data-dir', data]);

  const next = join(temporaryDirectory(), 'next');
  const restore = ['restore', made.file, '--key', key, '--data-dir', next];
  expect(await runHere(restore)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error LEDGER_MISSING: /) as string,
  });
  const restored = await runHere([...restore, '--ledger', join(data, 'ledger'), '--json']);
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(restored.stdout)).toMatchObject({ ledgerEntries: 1, endedAgain: 1, lostRevocations: false });
  const after = JSON.parse((await runHere(['key', 'list', '--data-dir', next, '--json'])).stdout) as { keys: Key[] };
  expect(after.keys).toMatchObject([{ id: listed.keys[0]?.id, state: 'revoked' }]);
  expect(existsSync(join(next, 'ledger', 'ledger.log'))).toBe(true);
  expect(await runHere([...restore, '--ledger', join(data, 'ledger')])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error RESTORE_TARGET_USED: /) as string,
  });
});

test('a restore that loses revocations says so', async () => {
  const folders = await prepared();
  const { file } = JSON.parse((await create(folders, '--json')).stdout) as { file: string };
  const next = join(temporaryDirectory(), 'next');
  const argv = ['restore', file, '--key', folders.key, '--data-dir', next, '--accept-lost-revocations'];
  const restored = await runHere(argv);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Restored the backup of /) as string });
  expect(restored.stderr).toContain('Revoke it again');
});

test.each([
  ['no recipient', ['backup', 'create', '--folder', '/tmp/x'], /^error OPTION_MISSING: .*--recipient/],
  ['no folder', ['backup', 'create', '--recipient', 'x'], /^error OPTION_MISSING: .*--folder/],
  ['no key', ['backup', 'verify', 'x.backup'], /^error OPTION_MISSING: .*--key/],
  [
    'a recipient that is none',
    ['backup', 'create', '--folder', '/tmp/x', '--recipient', 'chb1'],
    /^error BACKUP_KEY_REFUSED/,
  ],
])('%s is a usage error', async (_, argv, said) => {
  const folders = await prepared();
  const ended = await runHere([...argv], { CHATELAINE_DATA_DIR: folders.data });
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(said) as string });
});

test('nothing opens a directory into which a restore was cut short', async () => {
  const { data } = await prepared();
  writeFileSync(restoreMarker(data), '{}');
  const before = readdirSync(data);
  for (const argv of [
    ['key', 'list'],
    ['key', 'create', '--agent', 'x'],
    ['migrate', 'up'],
  ]) {
    expect(await runHere([...argv, '--data-dir', data])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error RESTORE_INCOMPLETE: /) as string,
    });
  }
  expect(readdirSync(data)).toEqual(before);
});

test('the doctor exits 1 for an error, 0 for warnings, and says the same in JSON', async () => {
  const { data } = await prepared();
  const warned = await runHere(['doctor', '--data-dir', data]);
  expect(warned).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/\n0 errors, \d warnings\.\n$/) as string,
  });
  cpSync(join(data, 'chatelaine.db'), join(data, 'copy'));
  const config = join(temporaryDirectory(), 'server.yaml');
  writeFileSync(config, `kind: server\nledger: ${join(data, 'broken')}\n`);
  cpSync(config, join(data, 'broken', 'ledger.log'), { recursive: true });
  const ended = await runHere(['doctor', '--data-dir', data, '--config', config, '--json']);
  const { findings } = JSON.parse(ended.stdout) as { findings: { check: string; severity: string }[] };
  expect([ended.code, findings.find(({ severity }) => severity === 'error')?.check]).toEqual([1, 'files']);
  expect(findings.map(({ check }) => check)).toContain('ledger');
  expect(readFileSync(config, 'utf8')).toContain('ledger');
});
