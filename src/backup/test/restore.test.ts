import { operator } from '#identity';
import fs, {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  readlinkSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { logStream, openAuditStore, verifyLog, type SignedCheckpoint } from '#audit';
import { listBackups, makeKeyPair, parsePassphrase, parsePrivateKey, readBackup } from '#backup';
import { openDatabase, restoreMarker, type AfterRestore } from '#db';
import { dialects, type TestPlace } from '../../../test/databases.ts';
import { createBackup } from '../create/create-backup.ts';
import { ledgerFile } from '../ledger/read-ledger.ts';
import {
  event,
  nextPlace,
  openSealed,
  opener,
  putSecret,
  readSecret,
  refusal,
  restoreTo,
  sealFor,
  startInstallation,
  steadyClock,
  storageOf,
  temporaryDirectory,
  verdict,
  type Installation,
} from './backup.fixture.ts';

const record = async (): Promise<void> => {};
const issue = async ({ identity }: Installation, agent: string) => identity.keys.create(operator(), { agent });

describe.each(dialects)('a backup that is restored elsewhere: %s', (dialect) => {
  test('brings back what was there, and nothing of what ended since', async () => {
    const start = await startInstallation(dialect);
    const [kept, revoked, cutOff] = await Promise.all(['kept', 'revoked', 'cut-off'].map((name) => issue(start, name)));
    const text = (key: typeof kept): string => (key === undefined ? '' : reveal(key.secret));
    for (const name of ['kept', 'disabled', 'deleted']) await putSecret(start, name, `value of ${name}`);
    const [ana, bo] = [await sealFor(start, 'ana', 'of ana'), await sealFor(start, 'bo', 'of bo')];
    await start.audit.append(event());

    const { file, manifest } = await start.backup();
    expect(manifest.database.type).toBe(dialect);

    await start.identity.keys.revoke(operator(), revoked?.key.id ?? '');
    await start.identity.agents.disable(operator(), 'cut-off');
    const name = (name: string) => ({ namespace: 'default', name });
    await start.vault.secrets.setState(name('disabled'), 'disabled', record);
    await start.vault.secrets.delete(name('deleted'), record);
    await start.vault.eraseSubject('ana', record);
    await start.vault.eraseSubject('nobody', record);

    const at = await nextPlace(start, dialect);
    // The keyring of before the erasure: the ledger alone must do.
    if (dialect === 'postgres') await at.server?.query(`delete from chatelaine.vault_keyring where subject = 'nobody'`);
    const restored = await restoreTo(at, file);
    // Three agents, their three keys, and the record above.
    expect(restored).toMatchObject({ ledgerEntries: 6, lostRevocations: false, auditRecords: 7, sessionsEnded: 0 });
    await start.close();

    const next = await startInstallation(dialect, at);
    expect(await Promise.all([kept, revoked, cutOff].map((key) => verdict(next, text(key))))).toEqual([
      'kept',
      'revoked',
      'disabled',
    ]);
    expect(await Promise.all(['kept', 'disabled', 'deleted'].map((name) => readSecret(next, name)))).toEqual([
      'value of kept',
      'SECRET_DISABLED',
      'SECRET_UNKNOWN',
    ]);
    expect([await openSealed(next, ana), await openSealed(next, bo)]).toEqual(['SUBJECT_ERASED', 'of bo']);
    expect(await refusal(() => sealFor(next, 'nobody', 'x'))).toBe('SUBJECT_ERASED');
    // A secret that was taken out of use without its keys is sealed as what it is once it is put back.
    await next.vault.secrets.setState(name('disabled'), 'active', record);
    expect(await readSecret(next, 'disabled')).toBe('value of disabled');
  });

  test('holds no key: not of a subject, not the wrapping key, not those of the log', async () => {
    const start = await startInstallation(dialect);
    await sealFor(start, 'ana', 'of ana');
    await putSecret(start, 'one', 'value');
    await start.audit.append(event());
    const { file } = await start.backup();
    const parts: Buffer[] = [];
    await readBackup(file, opener, async ({ name, data }) => {
      parts.push(Buffer.from(name));
      for await (const bytes of data) parts.push(Buffer.from(bytes));
    });
    const all = Buffer.concat(parts);
    const [key] = await start.database.db.selectFrom('vault_keyring').selectAll().execute();
    const [namespaceKey] = await start.database.db
      .selectFrom('data_keys')
      .selectAll()
      .where('scope_kind', '=', 'namespace')
      .execute();
    // What it must hold, to show that what it must not is looked for in the right place.
    expect(all.includes(namespaceKey?.wrapped_key ?? 'none')).toBe(true);
    expect(all.includes(key?.wrapped_key ?? 'none')).toBe(false);
    for (const secret of ['wrapping.key', 'audit/signing.key', 'audit/digest.key']) {
      const bytes = readFileSync(join(start.at.directory, secret));
      expect([secret, all.includes(bytes.subarray(0, 24).toString('latin1'), 0, 'latin1')]).toEqual([secret, false]);
      expect([secret, all.includes(bytes)]).toEqual([secret, false]);
    }
  });

  test('is refused where there is something already, and writes nothing over it', async () => {
    const start = await startInstallation(dialect);
    await issue(start, 'first');
    const { file } = await start.backup();
    expect(await refusal(() => restoreTo(start.at, file))).toMatch(/RESTORE_TARGET_USED|DATABASE_NOT_EMPTY/);
    expect(await start.identity.agents.list()).toHaveLength(1);
    expect(existsSync(restoreMarker(start.at.directory))).toBe(false);
  });
});

test('ends sessions and token families of every module that hands them in, and says how many', async () => {
  const start = await startInstallation('sqlite');
  await issue(start, 'a');
  await issue(start, 'b');
  const { file } = await start.backup();
  // A module that keeps sessions ends them here as it would revoke keys.
  const sessions: AfterRestore = {
    module: 'sessions',
    async endSessions(trx, now) {
      const ended = await trx.updateTable('api_keys').set({ revoked_at: now }).executeTakeFirst();
      return Number(ended.numUpdatedRows);
    },
  };
  const at = await nextPlace(start, 'sqlite');
  expect(await restoreTo(at, file, { modules: [sessions] })).toMatchObject({ sessionsEnded: 2, endedAgain: 0 });
  const next = await startInstallation('sqlite', at);
  expect((await next.identity.keys.list()).filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
  const { records } = await next.audit.query({ type: 'backup.restored' }, { limit: 1 });
  expect(records[0]?.details).toMatchObject({ sessionsEnded: 2 });
});

/** What `verify` says of the log of a place, with the keys that its data directory vouches for. */
async function verified(at: TestPlace, anchors: readonly SignedCheckpoint[] = []) {
  const root = join(at.directory, 'audit');
  const clock = steadyClock();
  const database = await openDatabase({ ...at.place, clock });
  const { store, trustedKeys: keys } = await openAuditStore({ root, clock, ...storageOf(at.place, database) });
  try {
    return { ...(await verifyLog(logStream(store), { installation: store.installation, keys, anchors })), keys };
  } finally {
    await store.close();
    await database.close();
  }
}

describe.each(dialects)('the log of a restored state: %s', (dialect) => {
  test('verifies with the keys of before and after, says that it was restored, and goes on in a chain of its own', async () => {
    const start = await startInstallation(dialect);
    for (let count = 0; count < 20; count++) await start.audit.append(event());
    await start.audit.checkpoint();
    const { writer: before, seq } = await start.audit.append(event());
    const { file, manifest } = await start.backup();
    expect(manifest.audit?.writers).toMatchObject([{ id: before, seq }]);
    expect(manifest.audit?.checkpoints).toBeGreaterThan(0);
    const at = await nextPlace(start, dialect);
    expect((await restoreTo(at, file)).auditRecords).toBe(seq);
    const next = await startInstallation(dialect, at);
    const { writer } = await next.audit.append(event());
    const { records } = await next.audit.query({ type: 'backup.restored' }, { limit: 5 });
    expect(records.map((one) => [one.seq, one.writer === before])).toEqual([[1, false]]);
    expect(writer).not.toBe(before);
    await next.close();
    const report = await verified(at);
    expect(report).toMatchObject({ ok: true, findings: [] });
    expect(report.keys.size).toBe(2);
  });

  test('a log that was altered in the database is not restored', async () => {
    const start = await startInstallation(dialect);
    for (let count = 0; count < 3; count++) await start.audit.append(event());
    await start.audit.checkpoint();
    if (dialect === 'postgres') {
      await start.at.server?.query(`update chatelaine.audit_records set hash = repeat('0', 64) where seq = 2`);
    } else {
      const [chain = ''] = globSync(join(start.at.directory, 'audit/writers/*/*.log'));
      writeFileSync(chain, readFileSync(chain, 'utf8').replace('booking-bot', 'looking-bot'));
    }
    const { file } = await start.backup();
    const at = await nextPlace(start, dialect);
    expect(await refusal(() => restoreTo(at, file))).toBe('BACKUP_UNREADABLE');
    const left = 'postgres' in at.place ? await at.server?.query('select 1 from chatelaine.audit_writers') : [];
    expect([left, existsSync(join(at.directory, 'chatelaine.db'))]).toEqual([[], false]);
  });

  test('a checkpoint that was kept elsewhere shows what the backup did not have', async () => {
    const start = await startInstallation(dialect);
    await start.audit.append(event());
    await start.audit.checkpoint();
    const { file } = await start.backup();
    await start.audit.append(event());
    const anchor = await start.audit.checkpoint();
    const at = await nextPlace(start, dialect);
    await restoreTo(at, file);
    const report = await verified(at, anchor === undefined ? [] : [anchor]);
    expect(report.findings.map(({ kind }) => kind)).toEqual(['checkpoint-changed']);
  });
});

test.runIf(process.platform === 'linux')(
  'what keeps a restored chain closed and its keys known is flushed, with its folder',
  async () => {
    const start = await startInstallation('sqlite');
    const { writer } = await start.audit.append(event());
    const { file } = await start.backup();
    const at = await nextPlace(start, 'sqlite');
    copyFileSync(join(start.at.directory, 'audit/signing.key'), join(makeFolder(at, 'audit'), 'signing.key'));
    const flushed: string[] = [];
    const { fsyncSync } = fs;
    fs.fsyncSync = (fd) => {
      flushed.push(relative(join(at.directory, 'restoring/audit'), readlinkSync(`/proc/self/fd/${fd}`)));
      fsyncSync(fd);
    };
    syncBuiltinESMExports();
    try {
      await restoreTo(at, file);
    } finally {
      fs.fsyncSync = fsyncSync;
      syncBuiltinESMExports();
    }
    const [former = ''] = readdirSync(join(at.directory, 'audit/former-keys'));
    const closed = [`writers/${writer}/closed`, `writers/${writer}`, 'writers'];
    expect(flushed).toEqual(expect.arrayContaining([...closed, `former-keys/${former}`, 'former-keys', 'signing.key']));
  },
);

const makeFolder = ({ directory }: TestPlace, name: string): string => {
  mkdirSync(join(directory, name), { mode: 0o700 });
  return join(directory, name);
};

describe('a restore without the whole ledger', () => {
  const prepared = async () => {
    const start = await startInstallation('sqlite');
    const key = await issue(start, 'late');
    await start.ledger.append({ what: 'key.revoked', id: 'x' });
    const { file } = await start.backup();
    await start.identity.keys.revoke(operator(), key.key.id);
    return { start, file, key: reveal(key.secret), at: await nextPlace(start, 'sqlite') };
  };

  test('is refused, and with --accept-lost-revocations says so on record', async () => {
    const { file, at, key } = await prepared();
    rmSync(join(at.directory, 'ledger'), { recursive: true });
    expect(await refusal(() => restoreTo(at, file))).toBe('LEDGER_MISSING');
    expect(existsSync(join(at.directory, 'chatelaine.db'))).toBe(false);
    const restored = await restoreTo(at, file, { acceptLostRevocations: true });
    expect(restored.lostRevocations).toBe(true);
    const next = await startInstallation('sqlite', at);
    expect(await verdict(next, key)).toBe('late');
    const { records } = await next.audit.query({ type: 'backup.restored' }, { limit: 1 });
    expect(records[0]?.details).toMatchObject({ lostRevocations: true, ledgerEntries: 0 });
  });

  test('is refused with one that has less than the backup saw, also when told to accept losses', async () => {
    const { file, at } = await prepared();
    const ledger = ledgerFile(join(at.directory, 'ledger'));
    writeFileSync(ledger, `${readFileSync(ledger, 'utf8').split('\n')[0]}\n`);
    expect(await refusal(() => restoreTo(at, file))).toBe('LEDGER_SHORTENED');
    expect(await refusal(() => restoreTo(at, file, { acceptLostRevocations: true }))).toBe('LEDGER_SHORTENED');
  });

  test('takes one from elsewhere and goes on with it', async () => {
    const { file, at, key } = await prepared();
    const elsewhere = join(temporaryDirectory(), 'ledger');
    cpSync(join(at.directory, 'ledger'), elsewhere, { recursive: true });
    rmSync(join(at.directory, 'ledger'), { recursive: true });
    await restoreTo(at, file, { otherLedgers: [elsewhere] });
    expect(readFileSync(ledgerFile(join(at.directory, 'ledger')))).toEqual(readFileSync(ledgerFile(elsewhere)));
    const next = await startInstallation('sqlite', at);
    expect(await verdict(next, key)).toBe('revoked');
  });
});

describe('the file of a backup', () => {
  test('opens for its recipient alone', async () => {
    const start = await startInstallation('sqlite');
    const { file } = await start.backup();
    expect(await refusal(() => readBackup(file, parsePrivateKey(makeKeyPair().privateKey)))).toBe('BACKUP_KEY_WRONG');
    const passphrase = parsePassphrase(new Secret('a passphrase that is long'));
    expect(await refusal(() => readBackup(file, passphrase))).toBe('BACKUP_KEY_WRONG');
  });

  test('opens with its passphrase alone', async () => {
    const start = await startInstallation('sqlite');
    const passphrase = parsePassphrase(new Secret('correct horse battery staple'));
    const { file } = await createBackup({
      place: start.at.place,
      dataDirectory: start.at.directory,
      ledger: start.ledger,
      folder: join(temporaryDirectory(), 'backups'),
      recipient: passphrase,
      clock: start.clock,
      version: '1',
    });
    expect((await readBackup(file, passphrase)).version).toBe('1');
    expect(await refusal(() => readBackup(file, parsePassphrase(new Secret('correct horse battery stable'))))).toBe(
      'BACKUP_KEY_WRONG',
    );
  });

  test('does not open with a byte changed, moved or missing, wherever that is', async () => {
    const start = await startInstallation('sqlite');
    await putSecret(start, 'one', 'x'.repeat(4000));
    const { file } = await start.backup();
    const whole = readFileSync(file);
    const changed = join(temporaryDirectory(), 'changed.backup');
    const refused = async (bytes: Buffer): Promise<string> => {
      writeFileSync(changed, bytes);
      return await refusal(() => readBackup(changed, opener));
    };
    for (let step = 0; step < 40; step++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((step / 40) * whole.length);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect([at, await refused(bytes)]).toEqual([
        at,
        expect.stringMatching(/^BACKUP_(UNREADABLE|KEY_WRONG)$/) as string,
      ]);
      expect([at, await refused(whole.subarray(0, at))]).toEqual([at, 'BACKUP_UNREADABLE']);
    }
    expect(await refused(Buffer.concat([whole, Buffer.from([0])]))).toBe('BACKUP_UNREADABLE');
  });

  test('lies 0600 under a name that sorts by age, and nothing else of it stays', async () => {
    const start = await startInstallation('sqlite');
    const folder = join(temporaryDirectory(), 'backups');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, '.chatelaine-20200101T000000Z-aaaaaa.backup.partial'), 'of a killed process');
    mkdirSync(join(start.at.directory, '.backup-killed'));
    const first = await start.backup(folder);
    const second = await start.backup(folder);
    expect(listBackups(folder).map(({ path }) => path)).toEqual([second.file, first.file]);
    expect(readdirSync(folder).filter((name) => name.startsWith('.chatelaine'))).toEqual([]);
    expect(readdirSync(start.at.directory).filter((name) => name.startsWith('.backup-'))).toEqual([]);
  });
});
