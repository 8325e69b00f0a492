import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { forgetfulLedger } from '#contract';
import { keyringFile, stateFile } from '#db';
import { subjectScope, type Place } from '#vault';
import { dialects } from '../../../test/databases.ts';
import { DataKeys } from '../envelope/data-keys.ts';
import { eraseSubject } from '../envelope/erase-subject.ts';
import { KeyCache } from '../envelope/key-cache.ts';
import { KeyInMemory } from '../wrappers/key-in-memory.ts';
import { Keyring } from '../wrappers/keyring.ts';
import { codeOf, openBeside, refusal, startVault, temporaryDirectory, type TestVault } from './vault.fixture.ts';

const where: Place = { table: 'grants', column: 'token', row: 'r1', owner: 'default/x' };

const seal = ({ vault }: TestVault, subject: string, text: string): Promise<string> =>
  vault.envelope.writing(
    subjectScope(subject),
    async (_trx, sealing) => (await sealing.seal(where, new Secret(text))).text,
  );

const open = async ({ vault }: TestVault, text: string): Promise<string> => {
  try {
    return reveal(await vault.envelope.open(where, text));
  } catch (error) {
    return codeOf(error);
  }
};

describe.each(dialects)('an erased subject on %s', (dialect) => {
  test('is gone at once in every process, with all its keys, and others are untouched', async () => {
    const start = await startVault(dialect);
    const other = await start.beside();
    const first = await seal(start, 'ana', 'one');
    await start.vault.rotate(subjectScope('ana'), start.record);
    const second = await seal(start, 'ana', 'two');
    const kept = await seal(start, 'bo', 'three');
    for (const process of [start, other]) {
      expect([await open(process, first), await open(process, second)]).toEqual(['one', 'two']);
    }
    expect(await start.vault.eraseSubject('ana', start.record)).toBe(start.clock.now());
    for (const process of [start, other, await start.beside()]) {
      expect([await open(process, first), await open(process, second), await open(process, kept)]).toEqual([
        'SUBJECT_ERASED',
        'SUBJECT_ERASED',
        'three',
      ]);
      expect(await refusal(() => seal(process, 'ana', 'again'))).toBe('SUBJECT_ERASED');
      expect(await refusal(() => process.vault.rotate(subjectScope('ana'), start.record))).toBe('SUBJECT_ERASED');
    }
    const rows = await start.database.db.selectFrom('data_keys').selectAll().where('scope_id', '=', 'ana').execute();
    expect(rows.map((row) => [row.wrapped_key, row.destroyed_at])).toEqual([
      [null, start.clock.now()],
      [null, start.clock.now()],
    ]);
  });

  test('was erased when it was erased first, and counts when it had nothing', async () => {
    const start = await startVault(dialect);
    const first = start.clock.now();
    expect(await start.vault.eraseSubject('nobody', start.record)).toBe(first);
    start.clock.advance(1000);
    expect(await start.vault.eraseSubject('nobody', start.record)).toBe(first);
    expect(await refusal(() => seal(start, 'nobody', 'x'))).toBe('SUBJECT_ERASED');
    expect(start.changes).toEqual([{ what: 'subject.erased', subject: 'nobody', keys: 0 }]);
  });

  test('cannot come back by a key that is put beside the destroyed one', async () => {
    const start = await startVault(dialect);
    await seal(start, 'ana', 'one');
    const [key] = await start.database.db.selectFrom('data_keys').selectAll().execute();
    await start.vault.eraseSubject('ana', start.record);
    if (key === undefined) return expect.unreachable();
    const insert = start.database.db.insertInto('data_keys').values({ ...key, id: 'x'.repeat(26) });
    await expect(insert.execute()).rejects.toThrow(/unique/i);
  });

  test('and somebody who writes for it at the same moment: one of them is first, and nothing comes back', async () => {
    const start = await startVault(dialect);
    const other = await start.beside();
    for (let round = 0; round < 10; round++) {
      const subject = `ana${round}`;
      const [sealed, erased] = await Promise.allSettled([
        seal(other, subject, 'x'),
        start.vault.eraseSubject(subject, start.record),
      ]);
      expect(erased).toMatchObject({ status: 'fulfilled' });
      if (sealed.status === 'rejected') expect(codeOf(sealed.reason)).toBe('SUBJECT_ERASED');
      else expect(await open(start, sealed.value)).toBe('SUBJECT_ERASED');
    }
  });

  test('is not brought back by a rewrap that had its key in hand', async () => {
    const start = await startVault(dialect);
    const text = await seal(start, 'ana', 'one');
    const next = (await startVault('sqlite')).wrapper;
    const both = await start.beside({ wrapper: next, previousWrappers: [start.wrapper] });
    await Promise.all([both.vault.rewrap(), start.vault.eraseSubject('ana', start.record)]);
    expect(await open(both, text)).toBe('SUBJECT_ERASED');
    expect((await both.vault.wrapperUses()).length).toBe(0);
  });
});

test('after an erasure neither the keyring nor its log holds the wrapped key', async () => {
  const start = await startVault();
  const texts = [await seal(start, 'ana', 'one')];
  for (let other = 0; other < 50; other++) texts.push(await seal(start, `bo${other}`, 'x'));
  const [key] = await start.database.db.selectFrom('vault_keyring').selectAll().where('subject', '=', 'ana').execute();
  const wrapped = key?.wrapped_key ?? '';
  const [state, keyring] = [stateFile(start.at.directory), keyringFile(start.at.directory)];
  const holds = (...files: readonly string[]) => files.some((one) => readFileSync(one).includes(wrapped));
  expect(holds(state, `${state}-wal`)).toBe(false);
  const found = (): boolean => holds(keyring, `${keyring}-wal`);
  expect([wrapped.length > 40, found()]).toEqual([true, true]);
  await start.vault.eraseSubject('ana', start.record);
  expect(found()).toBe(false);
  expect(await open(start, texts[7] ?? '')).toBe('x');
});

test('after an erasure the process that did it has the key no longer in memory', async () => {
  const start = await startVault();
  const { database, clock } = start;
  const cache = new KeyCache(clock, { keys: 10, lifetimeMs: 60_000 });
  const keyring = new Keyring(new KeyInMemory('given', randomBytes(32)), []);
  const keys = new DataKeys({ database, keyring, cache, clock, messagesPerKey: 10 });
  const key = await keys.active(subjectScope('eve'));
  expect(key.usable).toBe(true);
  await eraseSubject({ database, clock, keys, ledger: forgetfulLedger }, 'eve', start.record);
  expect([key.usable, cache.get(key.id)]).toEqual([false, undefined]);
});

test.each(['', 'x'.repeat(257)])('a subject needs a name: %j', async (subject) => {
  const { vault, record } = await startVault();
  expect(await refusal(() => vault.eraseSubject(subject, record))).toBe('SUBJECT_REFUSED');
});

/** What a backup takes of the state, in a directory of its own. */
async function copyOfState(start: TestVault): Promise<string> {
  const directory = temporaryDirectory();
  expect(await start.database.purgeDeleted()).toBe(true);
  copyFileSync(stateFile(start.at.directory), stateFile(directory));
  return directory;
}

const on = ({ at, clock, wrapper }: TestVault, directory: string, keyring: string): Promise<TestVault> =>
  openBeside({ ...at, directory, place: { file: stateFile(directory), keyring } }, clock, { wrapper });

describe('a state from before the erasure beside the keyring of after it', () => {
  test('opens nothing of the subject, and everything of the others', async () => {
    const start = await startVault();
    const [text, kept] = [await seal(start, 'ana', 'one'), await seal(start, 'bo', 'two')];
    const before = await copyOfState(start);
    await start.vault.eraseSubject('ana', start.record);
    const later = await on(start, before, keyringFile(start.at.directory));
    expect([await open(later, text), await open(later, kept)]).toEqual(['SUBJECT_ERASED', 'two']);
    expect(await refusal(() => seal(later, 'ana', 'again'))).toBe('SUBJECT_ERASED');
    // The state itself has heard of it, whatever happens to the keyring next.
    const rows = await later.database.db.selectFrom('data_keys').selectAll().where('scope_id', '=', 'ana').execute();
    expect(rows.map((row) => row.wrapped_key)).toEqual([null]);
  });

  test('has no key without the keyring: the copy alone opens nothing of any subject', async () => {
    const start = await startVault();
    const text = await seal(start, 'ana', 'one');
    const directory = await copyOfState(start);
    const alone = await on(start, directory, keyringFile(directory));
    expect(await open(alone, text)).toBe('SUBJECT_KEY_MISSING');
    expect(await refusal(() => seal(alone, 'ana', 'two'))).toBe('SUBJECT_KEY_MISSING');
  });

  test('knows of a subject that was erased before it had anything', async () => {
    const start = await startVault();
    const before = await copyOfState(start);
    await start.vault.eraseSubject('nobody', start.record);
    expect(
      await refusal(async () => seal(await on(start, before, keyringFile(start.at.directory)), 'nobody', 'x')),
    ).toBe('SUBJECT_ERASED');
  });
});

describe('a machine that died between the two files of a commit', () => {
  test('during an erasure: it holds in either order, and the key is gone from the keyring', async () => {
    for (const [table, alive] of [
      ['state', { subject: 'ana' }],
      ['keyring', { subject: 'bo' }],
    ] as const) {
      const start = await startVault();
      const text = await seal(start, alive.subject, 'one');
      const destroyed = { wrapped_key: null, destroyed_at: 1 };
      if (table === 'state') await start.database.db.updateTable('data_keys').set(destroyed).execute();
      else await start.database.db.updateTable('vault_keyring').set(destroyed).execute();
      const next = await start.beside();
      expect([table, await open(next, text)]).toEqual([table, 'SUBJECT_ERASED']);
      const left = await next.database.db.selectFrom('vault_keyring').select('wrapped_key').execute();
      expect([table, left]).toEqual([table, [{ wrapped_key: null }]]);
      expect(await refusal(() => seal(next, alive.subject, 'two'))).toBe('SUBJECT_ERASED');
    }
  });

  test('during the making of a key: the subject gets another one, and loses nothing', async () => {
    const start = await startVault();
    await start.vault.envelope.writing(subjectScope('ana'), async () => {});
    await start.database.db.deleteFrom('vault_keyring').execute();
    const next = await start.beside();
    const text = await seal(next, 'ana', 'one');
    expect(await open(await start.beside(), text)).toBe('one');
    await next.vault.eraseSubject('ana', next.record);
    expect(await open(next, text)).toBe('SUBJECT_ERASED');
  });
});
