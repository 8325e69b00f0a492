import { operator } from '#identity';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reveal, systemClock } from '#kernel';
import {
  FileLedger,
  listBackups,
  makeKeyPair,
  parsePrivateKey,
  parseRecipient,
  createBackup,
  readBackup,
  restoreBackup,
} from '#backup';
import { openDatabase, restoreMarker } from '#db';
import { dialects, emptyPlace, type TestPlace } from '../../../test/databases.ts';
import { event, refusal, startInstallation, temporaryDirectory } from './backup.fixture.ts';

const script = join(import.meta.dirname, 'mortal-process.fixture.ts');
const pair = makeKeyPair();
const opener = parsePrivateKey(pair.privateKey);

function start(mode: string, at: TestPlace, ...more: readonly string[]) {
  const args = [mode, at.directory, JSON.stringify(at.document), ...more];
  return spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', script, ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The signal that ended it, null when it came to its end. */
const ended = async (child: ReturnType<typeof start>): Promise<string | null> =>
  ((await once(child, 'exit')) as [number | null, string | null])[1];

/** An installation of some size that nobody has open, and the directory it lies in. */
async function closedInstallation(): Promise<TestPlace> {
  const start = await startInstallation('sqlite');
  for (const name of ['a', 'b', 'c']) await start.identity.keys.create(operator(), { agent: name });
  const [key] = await start.identity.keys.list();
  await start.identity.keys.revoke(operator(), key?.id ?? '');
  await start.audit.append(event());
  await start.close();
  return start.at;
}

test('a backup that is killed before any step leaves none of its name, or a whole one; the next cleans up', async () => {
  const at = await closedInstallation();
  const folder = join(temporaryDirectory(), 'backups');
  let deaths = 0;
  for (let step = 1; ; step += 2) {
    if ((await ended(start('backup', at, folder, pair.recipient, String(step)))) !== 'SIGKILL') break;
    deaths++;
    for (const { path } of listBackups(folder))
      expect((await readBackup(path, opener)).parts.length).toBeGreaterThan(0);
  }
  expect(deaths).toBeGreaterThan(5);
  expect(listBackups(folder).length).toBeGreaterThan(0);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(readdirSync(at.directory).filter((name) => name.startsWith('.backup-'))).toEqual([]);
}, 300_000);

test('a restore that is killed before any step refuses to be opened, or is whole; the next begins anew', async () => {
  const from = await closedInstallation();
  const { file } = await createBackup({
    place: from.place,
    dataDirectory: from.directory,
    ledger: new FileLedger(join(from.directory, 'ledger'), systemClock),
    folder: join(temporaryDirectory(), 'backups'),
    recipient: parseRecipient(pair.recipient),
    clock: systemClock,
    version: '1',
  });
  const seen = new Map<string, number>();
  const agents = async (at: TestPlace): Promise<string> => {
    const database = await openDatabase({ ...at.place, mustExist: true, clock: systemClock });
    const rows = await database.db.selectFrom('agents').select('name').orderBy('name').execute();
    await database.close();
    return rows.map(({ name }) => name).join('');
  };
  const restoreInto = (at: TestPlace) =>
    restoreBackup({
      file,
      opener,
      place: at.place,
      dataDirectory: at.directory,
      ledgerFolder: join(at.directory, 'ledger'),
      clock: systemClock,
    });
  const dieBefore = async (step: number): Promise<boolean> => {
    const at = await emptyPlace('sqlite');
    cpSync(join(from.directory, 'ledger'), join(at.directory, 'ledger'), { recursive: true });
    const died = (await ended(start('restore', at, file, reveal(pair.privateKey), String(step)))) === 'SIGKILL';
    const state = await refusal(() => agents(at));
    // Untouched, cut short, or whole: nothing in between can be opened.
    expect({ step, state }).toEqual({
      step,
      state: expect.stringMatching(/^(DATABASE_MISSING|RESTORE_INCOMPLETE|nothing)$/) as string,
    });
    seen.set(state, (seen.get(state) ?? 0) + 1);
    if (state !== 'nothing') await restoreInto(at);
    expect({ step, agents: await agents(at) }).toEqual({ step, agents: 'abc' });
    expect(existsSync(restoreMarker(at.directory))).toBe(false);
    expect(existsSync(join(at.directory, 'restoring'))).toBe(false);
    return died;
  };
  // Two at a time, until one lived to the end.
  for (let step = 1; ; step += 4) {
    if (!(await Promise.all([dieBefore(step), dieBefore(step + 2)])).every(Boolean)) break;
  }
  expect(seen.get('RESTORE_INCOMPLETE')).toBeGreaterThan(5);
  expect(seen.get('nothing')).toBeGreaterThan(0);
}, 300_000);

describe.each(dialects)('while another process writes: %s', (dialect) => {
  test('C6: what was acknowledged before is in the backup, nothing is half in it, and what was revoked stays so', async () => {
    const at = await emptyPlace(dialect);
    await (await openDatabase({ ...at.place, clock: systemClock })).close();
    const writer = start('write', at);
    onTestFinished(() => void writer.kill('SIGKILL'));
    const journal: string[] = [];
    const lines = createInterface({ input: writer.stdout });
    lines.on('line', (line) => journal.push(line.split(' ')[1] ?? ''));
    const until = async (count: number): Promise<void> => {
      while (journal.length < count) await once(lines, 'line');
    };
    await until(60);
    const before = journal.length;
    const { file, manifest } = await createBackup({
      place: at.place,
      dataDirectory: at.directory,
      ledger: new FileLedger(join(at.directory, 'ledger'), systemClock),
      folder: join(temporaryDirectory(), 'backups'),
      recipient: parseRecipient(pair.recipient),
      clock: systemClock,
      version: '1',
    });
    // The writer went on meanwhile and after.
    await until(before + 20);
    writer.kill('SIGKILL');
    await once(writer, 'exit');

    const next = await emptyPlace(dialect);
    cpSync(join(at.directory, 'ledger'), join(next.directory, 'ledger'), { recursive: true });
    const restored = await restoreBackup({
      file,
      opener,
      place: next.place,
      dataDirectory: next.directory,
      ledgerFolder: join(next.directory, 'ledger'),
      clock: systemClock,
    });
    const database = await openDatabase({ ...next.place, clock: systemClock });
    onTestFinished(() => database.close());
    const agents = await database.db.selectFrom('agents').select(['id', 'name']).execute();
    const keys = await database.db.selectFrom('api_keys').select(['id', 'agent_id', 'revoked_at']).execute();
    const numbers = agents.map(({ name }) => Number(name.slice(1))).toSorted((left, right) => left - right);
    // The moment of one writer's life: a beginning of what it did, with no gap.
    expect(numbers).toEqual(Array.from(numbers, (_, at) => at + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(before);
    const mismatches = journal.slice(0, numbers.length).filter((id) => !keys.some((key) => key.id === id));
    expect(mismatches).toEqual([]);
    expect(keys.length).toBe(agents.length);
    expect(keys.filter((key) => !agents.some(({ id }) => id === key.agent_id))).toEqual([]);
    // Every fifth was revoked, some of them after the backup had been made.
    const lost = journal.slice(0, numbers.length).filter((id, index) => {
      const key = keys.find((one) => one.id === id);
      return (index + 1) % 5 === 0 && key?.revoked_at === null;
    });
    expect(lost).toEqual([]);
    // The log was copied after the database: it has at least what the database shows, but for the last.
    expect(restored.auditRecords).toBeGreaterThanOrEqual(numbers.length - 1);
    expect(manifest.audit?.checkpoints).toBeGreaterThan(0);
  });
});
