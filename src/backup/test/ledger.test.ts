import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#kernel';
import { adoptLedger, FileLedger, ledgerTrouble, openLedger, readLedger } from '#backup';
import { openDatabase } from '#db';
import { checkContinues, ledgerFile } from '../ledger/read-ledger.ts';
import { standingEnds } from '../restore/standing-ends.ts';
import { dialects, emptyPlace } from '../../../test/databases.ts';
import { codeOf, refusal, temporaryDirectory } from './backup.fixture.ts';

async function ledgerOf(...ids: readonly string[]): Promise<{ folder: string; ledger: FileLedger }> {
  const folder = join(temporaryDirectory(), 'ledger');
  const ledger = new FileLedger(folder, systemClock);
  for (const id of ids) await ledger.append({ what: 'key.revoked', id });
  return { folder, ledger };
}

const idsIn = (folder: string): readonly string[] => readLedger(folder)?.entries.map(({ id }) => id) ?? [];

test('holds what was appended, in order, in files of ours alone', async () => {
  const { folder, ledger } = await ledgerOf('a', 'b');
  await Promise.all(['c', 'd', 'e'].map((id) => ledger.append({ what: 'subject.erased', id })));
  expect(idsIn(folder)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect((statSync(ledgerFile(folder)).mode & 0o777).toString(8)).toBe('600');
  expect(readLedger(join(folder, 'nowhere'))).toBeUndefined();
});

test('several writers at once lose nothing and break no chain', async () => {
  const { folder } = await ledgerOf();
  const writers = Array.from({ length: 4 }, () => new FileLedger(folder, systemClock));
  await Promise.all(
    writers.flatMap((writer, at) =>
      Array.from({ length: 10 }, (_, n) => writer.append({ what: 'key.revoked', id: `${at}-${n}` })),
    ),
  );
  expect(new Set(idsIn(folder)).size).toBe(40);
});

test('what a crash left behind the last entry is cut off, and was never read', async () => {
  const { folder, ledger } = await ledgerOf('a');
  appendFileSync(ledgerFile(folder), '0123 {"half');
  expect(idsIn(folder)).toEqual(['a']);
  await ledger.append({ what: 'key.revoked', id: 'b' });
  expect(idsIn(folder)).toEqual(['a', 'b']);
});

test('any changed byte of an entry is found, with the first entry that differs', async () => {
  const { folder } = await ledgerOf('a', 'b', 'c');
  const file = ledgerFile(folder);
  const whole = readFileSync(file);
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 2 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ flip;
      writeFileSync(file, changed);
      expect(codeOfRead(folder)).toBe('LEDGER_DAMAGED');
    }),
    { numRuns: 200 },
  );
});

const codeOfRead = (folder: string): string => {
  try {
    return `${readLedger(folder)?.entries.length} entries`;
  } catch (error) {
    return codeOf(error);
  }
};

test('a ledger that was cut off at an entry, or is another one, does not continue the one that was seen', async () => {
  const { folder, ledger } = await ledgerOf('a', 'b');
  const seen = await ledger.begin();
  expect(seen.seq).toBe(2);
  await ledger.append({ what: 'key.revoked', id: 'c' });
  const whole = readLedger(folder);
  expect(await refusal(() => whole && checkContinues(whole, seen))).toBe('nothing');
  const lines = readFileSync(ledgerFile(folder), 'utf8').split('\n');
  writeFileSync(ledgerFile(folder), `${lines.slice(0, 2).join('\n')}\n`);
  const short = readLedger(folder);
  expect(await refusal(() => short && checkContinues(short, seen))).toBe('LEDGER_SHORTENED');
  const other = readLedger((await ledgerOf('a', 'b')).folder);
  expect(await refusal(() => other && checkContinues(other, seen))).toBe('LEDGER_SHORTENED');
});

test('of words that take each other back the last holds; what has no way back holds for good', () => {
  const ends = standingEnds([
    (
      [
        ['agent.disabled', 'x'],
        ['agent.enabled', 'x'],
        ['agent.disabled', 'y'],
        ['agent.disabled', 'y'],
        ['secret.disabled', 's'],
        ['secret.enabled', 's'],
        ['secret.disabled', 's'],
        ['key.revoked', 'k'],
        ['subject.erased', 'ana'],
      ] as const
    ).map(([what, id], seq) => ({ what, id, seq, at: seq })),
  ]);
  expect([...ends('agent.disabled')]).toEqual([['y', 2]]);
  expect([...ends('secret.disabled')]).toEqual([['s', 6]]);
  expect([...ends('key.revoked'), ...ends('subject.erased')]).toEqual([
    ['k', 7],
    ['ana', 8],
  ]);
});

test.each(dialects)(
  'one on a volume is not taken for another while that is away: the state on %s knows it',
  async (dialect) => {
    const { place, directory } = await emptyPlace(dialect);
    const database = await openDatabase({ ...place, clock: systemClock });
    onTestFinished(() => database.close());
    const volume = join(temporaryDirectory(), 'volume');
    const options = { settings: { ledger: volume }, dataDirectory: directory, database, clock: systemClock };
    const entry = { what: 'key.revoked', id: 'a' } as const;

    // Not mounted from the start: nothing is made in its place.
    expect(await refusal(() => openLedger(options))).toBe('LEDGER_UNAVAILABLE');
    expect(existsSync(volume)).toBe(false);
    mkdirSync(volume);
    const first = await openLedger(options);
    await first.append(entry);

    const away = `${volume}-away`;
    renameSync(volume, away);
    const refused = async (): Promise<void> => {
      const again = await openLedger(options);
      for (const ledger of [first, again]) {
        expect(await refusal(() => ledger.append(entry))).toBe('LEDGER_UNKNOWN');
        expect(await refusal(() => ledger.begin())).toBe('LEDGER_UNKNOWN');
      }
      expect(await ledgerTrouble(options)).toContain(`\`${volume}\``);
    };
    await refused();
    expect(existsSync(volume)).toBe(false);
    // The mount point.
    mkdirSync(volume);
    await refused();
    expect(readdirSync(volume)).toEqual([]);
    // The volume of somebody else.
    await new FileLedger(volume, systemClock).append({ what: 'key.revoked', id: 'theirs' });
    await refused();
    expect(idsIn(volume)).toEqual(['theirs']);

    rmSync(volume, { recursive: true });
    renameSync(away, volume);
    await first.append({ what: 'key.revoked', id: 'b' });
    expect(idsIn(volume)).toEqual(['a', 'b']);
    expect(await ledgerTrouble(options)).toBeUndefined();

    // Lost for good: another one is begun when somebody says so.
    rmSync(volume, { recursive: true });
    mkdirSync(volume);
    await adoptLedger(options);
    await (await openLedger(options)).append({ what: 'key.revoked', id: 'c' });
    expect(idsIn(volume)).toEqual(['c']);
  },
);
