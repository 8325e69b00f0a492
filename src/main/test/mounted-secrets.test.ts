/** Secrets of the vault that are files (`vault.mounted`), and the keys that hosts share (`--host-keys`). */
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serverSchema } from '#contract';
import { reveal } from '#kernel';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { takeHostKeys } from '../serve/host-keys.ts';
import { mountedSecrets } from '../services/mounted-secrets.ts';

const elsewhere = {
  read: () => Promise.reject(new Error('of the vault')),
  readVersion: () => Promise.reject(new Error('of the vault')),
};
const USE = { namespace: 'default', by: 'mcpServer a' };

describe('`vault.mounted`', () => {
  const opened = (file: string) =>
    mountedSecrets(
      elsewhere,
      serverSchema.parse({
        kind: 'server',
        vault: { mounted: [{ name: 'api', kind: 'oauth-client', clientId: 'us', clientSecret: file }] },
      }).vault.mounted,
    );

  test('a file is read at each use, and another version is told apart', async () => {
    const file = join(temporaryDirectory(), 'secret');
    writeFileSync(file, 'first\n');
    const reader = opened(file);
    const reference = { namespace: 'default', name: 'api' };
    const { material, secretId } = await reader.readVersion(reference, USE);
    expect(material).toMatchObject({ kind: 'oauth-client', clientId: 'us' });
    expect(material.kind === 'oauth-client' && reveal(material.clientSecret)).toBe('first');
    writeFileSync(`${file}.next`, 'second');
    renameSync(`${file}.next`, file);
    const next = await reader.readVersion(reference, USE);
    expect(next.material.kind === 'oauth-client' && reveal(next.material.clientSecret)).toBe('second');
    expect(next.secretId).not.toBe(secretId);
  });

  test('others are those of the vault, and so it is for another namespace', async () => {
    const reader = opened('/nowhere');
    await expect(reader.read({ namespace: 'default', name: 'other' }, USE)).rejects.toThrow('of the vault');
    await expect(reader.read({ namespace: 'default', name: 'api' }, { ...USE, namespace: 'team' })).rejects.toThrow(
      'of the vault',
    );
  });

  test('a file that cannot be read is named, and what would be in it is not', async () => {
    await expect(opened('/nowhere/at/all').read({ namespace: 'default', name: 'api' }, USE)).rejects.toMatchObject({
      code: 'SECRET_FILE_UNREADABLE',
    });
  });

  test('a name stands there once, and a path is absolute', () => {
    const mounted = (list: object[]) => serverSchema.safeParse({ kind: 'server', vault: { mounted: list } });
    const one = { name: 'a', kind: 'bearer', token: '/t' };
    expect(mounted([one, one]).success).toBe(false);
    expect(mounted([{ ...one, token: 't' }]).success).toBe(false);
    expect(mounted([one]).success).toBe(true);
  });
});

describe('`--host-keys`', () => {
  const folder = (word: string): string => {
    const place = temporaryDirectory();
    mkdirSync(join(place, '..data'));
    for (const name of ['vault.key', 'audit-signing.key', 'audit-digest.key']) {
      writeFileSync(join(place, '..data', name), `${word} ${name}`, { mode: 0o440 });
      symlinkSync(join('..data', name), join(place, name));
    }
    return place;
  };

  test('are taken into a data directory without, closed to others, and are the same the next time', () => {
    const [keys, dataDir] = [folder('these'), temporaryDirectory()];
    takeHostKeys(keys, dataDir);
    takeHostKeys(keys, dataDir);
    expect(readFileSync(join(dataDir, 'audit/signing.key'), 'utf8')).toBe('these audit-signing.key');
    expect(statSync(join(dataDir, 'vault.key')).mode & 0o777).toBe(0o600);
  });

  test('never stand in for others that are there', () => {
    const dataDir = temporaryDirectory();
    takeHostKeys(folder('these'), dataDir);
    expect(() => takeHostKeys(folder('others'), dataDir)).toThrow(/another key/);
    expect(readFileSync(join(dataDir, 'vault.key'), 'utf8')).toBe('these vault.key');
  });

  test('are all there', () => {
    expect(() => takeHostKeys(temporaryDirectory(), temporaryDirectory())).toThrow(/cannot be read/);
  });
});
