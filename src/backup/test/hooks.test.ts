import { rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { EVERYWHERE } from '#contract';
import { readLedger } from '#backup';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import {
  openSealed,
  putSecret,
  readSecret,
  refusal,
  sealFor,
  startInstallation,
  verdict,
  type Installation,
} from './backup.fixture.ts';

const record = async (): Promise<void> => {};

/** When the one agent was disabled, as anybody beside sees it: of the change that is being made, nothing. */
async function disabledAt({ at, identity }: Installation): Promise<number | null | undefined> {
  if (!('file' in at.place)) return (await identity.agents.list())[0]?.disabledAt;
  using database = new DatabaseSync(at.place.file, { readOnly: true });
  return database.prepare('select disabled_at from agents').get()?.['disabled_at'] as number | null | undefined;
}

describe.each(dialects)('what ends something: %s', (dialect) => {
  test('is refused while the ledger cannot be written, and nothing has ended; then it is done and stands there', async () => {
    const start = await startInstallation(dialect);
    const key = await start.identity.keys.create(operator(), { agent: 'bot' });
    const text = reveal(key.secret);
    const name = { namespace: 'default', name: 'one' };
    await putSecret(start, 'one', 'value');
    const sealed = await sealFor(start, 'ana', 'of ana');
    const ends = [
      () => start.identity.agents.disable(operator(), 'bot'),
      () => start.identity.keys.revoke(operator(), key.key.id),
      () => start.vault.secrets.setState(name, 'disabled', record),
      () => start.vault.secrets.delete(name, record),
      () => start.vault.eraseSubject('ana', record),
    ];

    // A file where the folder belongs: nobody can write in it.
    writeFileSync(start.ledgerFolder, '');
    const refusals: string[] = [];
    for (const end of ends) refusals.push(await refusal(end));
    expect(new Set(refusals)).toEqual(new Set(['LEDGER_UNAVAILABLE']));
    expect(await verdict(start, text)).toBe('bot');
    expect([await readSecret(start, 'one'), await openSealed(start, sealed)]).toEqual(['value', 'of ana']);

    rmSync(start.ledgerFolder);
    for (const end of ends) await end();
    expect(readLedger(start.ledgerFolder)?.entries.map(({ what }) => what)).toEqual([
      'agent.disabled',
      'key.revoked',
      'secret.disabled',
      'secret.deleted',
      'subject.erased',
    ]);
  });

  test('of a person happens whole or not at all: names, roles and keys stay while the ledger cannot be written', async () => {
    const start = await startInstallation(dialect);
    const users = start.identity.userDirectory(start.vault);
    const profile = { displayName: 'Ana Ruiz', email: 'ana@example.test' };
    const { id } = await users.create(operator(), { name: 'ana', profile });
    await start.identity.roles.create(operator(), {
      subject: { kind: 'user', id },
      role: 'admin',
      namespace: EVERYWHERE,
    });
    await start.database.db.insertInto('passwords').values({ user_id: id, phc: 'x', changed_at: 1 }).execute();
    // Not the last administrator either who can sign in, of whom the ledger hears nothing.
    expect(await refusal(() => users.erase(operator(), id))).toBe('LAST_ADMIN');
    expect(readLedger(start.ledgerFolder)).toBeUndefined();

    const { id: other } = await users.create(operator(), { name: 'bo', profile });
    const role = { subject: { kind: 'user', id: other }, role: 'admin', namespace: EVERYWHERE } as const;
    await start.identity.roles.create(operator(), role);
    await start.database.db.insertInto('passwords').values({ user_id: other, phc: 'x', changed_at: 1 }).execute();
    writeFileSync(start.ledgerFolder, '');
    expect(await refusal(() => users.erase(operator(), id))).toBe('LEDGER_UNAVAILABLE');
    expect(await users.find(id)).toMatchObject({ name: 'ana', profile });
    expect((await users.standing(id)).grants).toEqual([{ role: 'admin', namespace: EVERYWHERE }]);

    rmSync(start.ledgerFolder);
    await users.erase(operator(), id);
    expect(await users.find(id)).toBeUndefined();
    const entries = readLedger(start.ledgerFolder)?.entries.map((entry) => [entry.what, entry.id]);
    expect(entries).toEqual([['subject.erased', id]]);
  });

  test('is in the ledger before it holds, and what takes it back after', async () => {
    const start = await startInstallation(dialect);
    await start.identity.keys.create(operator(), { agent: 'bot' });
    const disabledWhenAppended: (number | null | undefined)[] = [];
    const append = start.ledger.append.bind(start.ledger);
    start.ledger.append = async (entry) => {
      disabledWhenAppended.push(await disabledAt(start));
      await append(entry);
    };
    await start.identity.agents.disable(operator(), 'bot');
    await start.identity.agents.enable(operator(), 'bot');
    expect(disabledWhenAppended).toEqual([null, null]);
    expect(readLedger(start.ledgerFolder)?.entries.map(({ what }) => what)).toEqual([
      'agent.disabled',
      'agent.enabled',
    ]);
  });

  test('is not in the ledger when it was refused: a restore would end what nobody ended', async () => {
    const start = await startInstallation(dialect);
    const { secrets } = start.vault;
    const name = { namespace: 'default', name: 'one' };
    await putSecret(start, 'one', 'value');
    const refuse = (): never => {
      throw new Error('refused');
    };
    // An `If-Match` of another state, a record that is full, rows that somebody altered.
    expect(await refusal(() => secrets.delete(name, record, refuse))).toBe('Error: refused');
    expect(await refusal(() => secrets.delete(name, async () => refuse()))).toBe('Error: refused');
    expect(await refusal(() => secrets.setState(name, 'disabled', async () => refuse()))).toBe('Error: refused');
    await start.database.db.updateTable('secrets').set({ generation: 7 }).execute();
    expect(await refusal(() => secrets.delete(name, record))).toBe('SEALED_DATA_ALTERED');
    expect(await refusal(() => secrets.setState(name, 'disabled', record))).toBe('SEALED_DATA_ALTERED');
    expect(readLedger(start.ledgerFolder)).toBeUndefined();
  });

  test('does not fill the ledger with what there is not', async () => {
    const start = await startInstallation(dialect);
    expect(await refusal(() => start.identity.keys.revoke(operator(), 'x'.repeat(26)))).toBe('KEY_UNKNOWN');
    expect(await refusal(() => start.identity.agents.disable(operator(), 'nobody'))).toBe('AGENT_UNKNOWN');
    const none = { namespace: 'default', name: 'none' };
    expect(await refusal(() => start.vault.secrets.delete(none, record))).toBe('SECRET_UNKNOWN');
    expect(readLedger(start.ledgerFolder)).toBeUndefined();
  });
});
