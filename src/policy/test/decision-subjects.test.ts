/** What decisions were about is kept behind the call, on both databases, and what is lost is said. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '#db';
import { createLogger, silentLogger, systemClock } from '#kernel';
import { principalEntity, toolEntity } from '#policy';
import { dialects, emptyPlace } from '../../../test/databases.ts';
import { subjectOf } from '#audit';
import { decisionsAfterRestore } from '../backtest/after-restore.ts';
import { DecisionSubjects } from '../backtest/decision-subjects.ts';
import { startForgettingDecisions } from '../backtest/start-forgetting.ts';
import { RecordedSubjects } from '../backtest/recorded-sets.ts';
import { person } from './generated.fixture.ts';
import { evaluator, PAY, setOf } from './policies.fixture.ts';

const SET = setOf('permit(principal, action, resource);');
const pay = toolEntity(PAY);
const alice = principalEntity(person('alice', ['desk']), 'one');

describe.each(dialects)('on %s', (dialect) => {
  const open = async () => {
    const database = await openDatabase({ ...(await emptyPlace(dialect)).place, clock: systemClock });
    onTestFinished(() => database.close());
    return database;
  };

  test('a caller, a tool and the policies come back as they were, the name of a person left out', async () => {
    const database = await open();
    const kept = new DecisionSubjects({ database, clock: systemClock, log: silentLogger });
    kept.note(alice, pay, SET);
    await kept.close();
    const read = new RecordedSubjects(kept.read, evaluator);
    expect(await read.entity(pay.key)).toEqual(pay);
    const again = await read.entity(alice.key);
    expect(again).toMatchObject({ type: 'User', id: 'alice', key: alice.key, ancestors: alice.ancestors });
    expect(again?.attributes).toEqual({ issuer: 'chatelaine' });
    expect((await read.policies(SET.version))?.version).toBe(SET.version);
  });

  test('one that somebody changed is no more what the record means', async () => {
    const database = await open();
    const kept = new DecisionSubjects({ database, clock: systemClock, log: silentLogger });
    kept.note(alice, pay, SET);
    await kept.close();
    const { db } = database;
    const { subject } = await db
      .selectFrom('decision_subjects')
      .selectAll()
      .where('key', '=', pay.key)
      .executeTakeFirstOrThrow();
    const changed = subject.replace('"destructive":true', '"destructive":false');
    expect(changed).not.toBe(subject);
    await db.updateTable('decision_subjects').set({ subject: changed }).where('key', '=', pay.key).execute();
    expect(await new RecordedSubjects(kept.read, evaluator).entity(pay.key)).toBeUndefined();
  });

  test('of whoever is forgotten nothing stays, written or waiting, of whichever issuer; the others do', async () => {
    const { db, ...database } = await open();
    const parts = { database: { ...database, db }, clock: systemClock, log: silentLogger };
    const foreign = principalEntity({ ...person('carol', ['desk']), iss: 'https://idp.test' }, 'one');
    const bob = principalEntity(person('bob', ['desk']), 'one');
    const [kept, other] = [new DecisionSubjects(parts), new DecisionSubjects(parts)];
    for (const who of [alice, foreign, bob]) kept.note(who, pay, SET);
    await kept.flush();
    other.note(alice, pay, SET);
    await other.forget([subjectOf({ iss: 'chatelaine', sub: 'alice' })]);
    await kept.forget([subjectOf({ iss: 'https://idp.test', sub: 'carol' })]);
    await Promise.all([kept.close(), other.close()]);
    const keys = (await db.selectFrom('decision_subjects').select('key').execute()).map(({ key }) => key);
    expect(keys.toSorted()).toEqual([bob.key, pay.key, SET.version].toSorted());
  });

  test('a restore forgets again who was erased since, and what is older than records are kept goes', async () => {
    const database = await open();
    const kept = new DecisionSubjects({ database, clock: { now: () => 0 }, log: silentLogger });
    const bob = principalEntity(person('bob', ['desk']), 'one');
    for (const who of [alice, bob]) kept.note(who, pay, SET);
    await kept.close();
    const ends = (what: string) => new Map(what === 'subject.erased' ? [['alice', 1]] : []);
    expect(await database.transaction(async (trx) => await decisionsAfterRestore.replay?.(trx, ends, 2))).toBe(1);
    const count = async () => (await database.db.selectFrom('decision_subjects').select('key').execute()).length;
    const DAY_MS = 24 * 3_600_000;
    const forget = async (now: number) =>
      await startForgettingDecisions({
        ...{ database, keepMs: DAY_MS, clock: { now: () => now }, log: silentLogger, everyMs: DAY_MS },
      })();
    await forget(2 * DAY_MS);
    expect(await count()).toBe(3);
    await forget(2 * DAY_MS + 1);
    expect(await count()).toBe(0);
  });

  test('what is met again is written once a day, and by two processes at once', async () => {
    const database = await open();
    let now = 0;
    const processes = [1, 2].map(
      () => new DecisionSubjects({ database, clock: { now: () => now }, log: silentLogger }),
    );
    const seen = async () =>
      (await database.db.selectFrom('decision_subjects').selectAll().execute()).map((row) => row.seen_at);
    const meet = async () => {
      for (const one of processes) for (let call = 0; call < 5; call++) one.note(alice, pay, SET);
      await Promise.all(processes.map((one) => one.flush()));
    };
    await meet();
    expect(await seen()).toEqual([0, 0, 0]);
    now = 3_600_000;
    await meet();
    expect(await seen()).toEqual([0, 0, 0]);
    now = 25 * 3_600_000;
    await meet();
    expect(await seen()).toEqual([now, now, now]);
  });
});

test('while the database cannot be written it waits, and at the end says what is lost', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
  const transaction = () => Promise.reject(new Error('the disk is full'));
  const kept = new DecisionSubjects({ database: { db: undefined as never, transaction }, clock: systemClock, log });
  kept.note(alice, pay, SET);
  await kept.flush();
  // What waits can be read already.
  expect(await kept.read(pay.key)).toContain('"destructive":true');
  expect(kept.lost).toBe(0);
  await kept.close();
  expect(kept.lost).toBe(3);
  expect(lines.at(-1)).toContain('cannot be replayed');
});
