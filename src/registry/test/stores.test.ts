/** What the registry keeps, in both dialects. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Database } from '#db';
import { newId, systemClock } from '#kernel';
import { dialects, emptyPlace, type TestDialect } from '../../../test/databases.ts';
import type { AccessRequest } from '../access/access-request.ts';
import type { Campaign, Line } from '../reviews/campaign.ts';
import type { Credential } from '../credentials/credential.ts';
import { endAccessOf } from '../end-access-of.ts';
import {
  countPending,
  decideRequest,
  findPending,
  findRequest,
  insertRequest,
  listRequests,
  reopenRequest,
} from '../store/access-requests-store.ts';
import {
  closeReview,
  countLines,
  findReview,
  insertReview,
  listDue,
  listReviews,
  listReviewsOf,
  pageOfLines,
  setDueDone,
  settleLine,
} from '../store/access-reviews-store.ts';
import { credentialsAfterRestore } from '../store/credentials-after-restore.ts';
import {
  countCredentials,
  findCredential,
  insertCredential,
  listCredentials,
  pruneCredentials,
  revokeCredentials,
  revokeWithChildren,
} from '../store/credentials-store.ts';

async function database(dialect: TestDialect): Promise<Database> {
  const { place } = await emptyPlace(dialect);
  const opened = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => opened.close());
  return opened;
}

const NOW = 1_900_000_000_000;
let made = 0;
const credential = (more: Partial<Credential> = {}): Credential => ({
  ...{ id: newId(NOW + ++made), digest: made.toString(16).padStart(64, '0'), namespace: 'travel', tool: 'book' },
  ...{ holder: { kind: 'agent', id: 'agent-1', name: 'bot' }, scopes: ['execute', 'read'], cnf: undefined },
  ...{ parent: undefined, through: { kind: 'api-key', id: 'key-1' }, policies: ['travel/book by agents'] },
  ...{ policyVersion: 'v1', issuedAt: NOW, expiresAt: NOW + 900_000, revokedAt: null },
  ...more,
});
const request = (more: Partial<AccessRequest> = {}): AccessRequest => ({
  ...{ id: newId(NOW + ++made), namespace: 'travel', tool: 'book', policy: null, justification: 'to book' },
  ...{ subject: { kind: 'agent', id: 'agent-1', name: 'bot' }, requestedBy: 'user-1', state: 'pending' },
  ...{ reviewedBy: null, notes: null, createdPolicy: null, accessEndsAt: null, createdAt: NOW, decidedAt: null },
  ...more,
});
const ALL = { after: undefined, limit: 100 };

describe.each(dialects)('credentials in %s', (dialect) => {
  test('come back as they were, with what they are bound to', async () => {
    const { db } = await database(dialect);
    const bound = credential({
      cnf: { jkt: 'a'.repeat(43) },
      parent: 'parent',
      policies: ['with space', 'and "quote"'],
    });
    await insertCredential(db, bound);
    expect(await findCredential(db, bound.id)).toEqual(bound);
    expect(await findCredential(db, 'nobody')).toBeUndefined();
    // One whose binding cannot be read is no bearer credential.
    await db.updateTable('vended_credentials').set({ cnf: '{"other":"x"}' }).where('id', '=', bound.id).execute();
    await expect(findCredential(db, bound.id)).rejects.toThrow(/binds/);
  });

  test('are one for each token', async () => {
    const { db } = await database(dialect);
    const one = credential();
    await insertCredential(db, one);
    await expect(insertCredential(db, credential({ digest: one.digest }))).rejects.toThrow(/unique/i);
  });

  test('are listed by whose they are and where', async () => {
    const { db } = await database(dialect);
    const [mine, foreign] = [
      credential(),
      credential({ namespace: 'money', tool: 'pay', holder: { kind: 'agent', id: 'agent-2', name: 'other' } }),
    ];
    const over = credential({ expiresAt: NOW - 1 });
    for (const one of [mine, foreign, over]) await insertCredential(db, one);
    const ids = async (filter: Parameters<typeof listCredentials>[1]) =>
      (await listCredentials(db, filter, ALL, NOW)).map(({ id }) => id);
    expect(await ids({ state: 'active' })).toEqual([mine.id, foreign.id]);
    expect(await ids({ ownOr: { holderId: 'agent-1', namespaces: [] } })).toEqual([mine.id, over.id]);
    expect(await ids({ ownOr: { holderId: 'agent-1', namespaces: ['money'] } })).toEqual([
      mine.id,
      foreign.id,
      over.id,
    ]);
    expect(await ids({ namespace: 'money', tool: 'pay' })).toEqual([foreign.id]);
    const page = { after: mine.id, limit: 1 };
    expect((await listCredentials(db, {}, page, NOW)).map(({ id }) => id)).toEqual([foreign.id]);
    expect(await countCredentials(db, 'agent-1', NOW)).toBe(1);
    await pruneCredentials(db, NOW);
    expect(await ids({})).toEqual([mine.id, foreign.id]);
  });

  test('end with what they were made from, whatever the depth, and once', async () => {
    const { db } = await database(dialect);
    const root = credential();
    const child = credential({ parent: root.id });
    const grandchild = credential({ parent: child.id });
    const stranger = credential();
    for (const one of [root, child, grandchild, stranger]) await insertCredential(db, one);
    expect(await revokeWithChildren(db, root.id, NOW)).toBe(3);
    expect(await revokeWithChildren(db, root.id, NOW + 1)).toBe(0);
    expect((await findCredential(db, grandchild.id))?.revokedAt).toBe(NOW);
    expect((await findCredential(db, stranger.id))?.revokedAt).toBeNull();
    expect(await revokeCredentials(db, { namespace: 'travel', tool: 'book' }, NOW)).toBe(1);
  });

  test('end all when a backup is restored: each is there twice', async () => {
    const opened = await database(dialect);
    const one = credential();
    await insertCredential(opened.db, one);
    const ended = await opened.transaction(async (trx) => await credentialsAfterRestore.endSessions?.(trx, NOW));
    expect(ended).toBe(1);
    expect((await findCredential(opened.db, one.id))?.revokedAt).toBe(NOW);
  });

  test('of a user who is cut off end for good, and the words of one who is erased go', async () => {
    const opened = await database(dialect);
    const one = credential({ holder: { kind: 'user', id: 'user-1', name: '' } });
    const asked = request({ notes: 'private', reviewedBy: 'user-1', state: 'rejected' });
    await insertCredential(opened.db, one);
    await insertRequest(opened.db, asked);
    const clock = { now: () => NOW };
    await endAccessOf({ database: opened, clock }, 'user-1', 'disabled');
    expect((await findCredential(opened.db, one.id))?.revokedAt).toBe(NOW);
    expect(await findRequest(opened.db, asked.id)).toEqual(asked);
    await endAccessOf({ database: opened, clock }, 'user-1', 'erased');
    expect(await findRequest(opened.db, asked.id)).toEqual({ ...asked, justification: '', notes: null });
  });
});

describe.each(dialects)('access requests in %s', (dialect) => {
  test('come back as they were, one pending for a subject and tool', async () => {
    const { db } = await database(dialect);
    const one = request({ policy: 'reports', justification: 'two\nlines' });
    await insertRequest(db, one);
    expect(await findRequest(db, one.id)).toEqual(one);
    expect(await findPending(db, { namespace: 'travel', tool: 'book', subjectId: 'agent-1' })).toEqual(one);
    await expect(insertRequest(db, request())).rejects.toThrow(/unique/i);
    expect(await countPending(db, 'user-1')).toBe(1);
  });

  test('are decided once, and reopened while nothing came of it', async () => {
    const { db } = await database(dialect);
    const one = request();
    await insertRequest(db, one);
    const approved = {
      state: 'approved',
      reviewedBy: 'user-2',
      notes: '',
      accessEndsAt: NOW + 1,
      decidedAt: NOW,
    } as const;
    expect(await decideRequest(db, one.id, approved)).toBe(true);
    expect(await decideRequest(db, one.id, { ...approved, state: 'rejected' })).toBe(false);
    await reopenRequest(db, one.id);
    expect(await findRequest(db, one.id)).toEqual(one);
  });

  test('are listed by who asked, for whom, and where', async () => {
    const { db } = await database(dialect);
    const mine = request();
    const foreign = request({
      namespace: 'money',
      requestedBy: 'user-2',
      subject: { kind: 'user', id: 'user-2', name: '' },
    });
    for (const one of [mine, foreign]) await insertRequest(db, one);
    const ids = async (filter: Parameters<typeof listRequests>[1]) =>
      (await listRequests(db, filter, ALL)).map(({ id }) => id);
    expect(await ids({})).toEqual([mine.id, foreign.id]);
    expect(await ids({ ownOr: { id: 'agent-1', namespaces: [] } })).toEqual([mine.id]);
    expect(await ids({ ownOr: { id: 'nobody', namespaces: ['money'] } })).toEqual([foreign.id]);
    expect(await ids({ namespace: 'money', tool: 'book', subjectId: 'user-2', state: 'pending' })).toEqual([
      foreign.id,
    ]);
    expect(await ids({ state: 'approved' })).toEqual([]);
  });
});

describe.each(dialects)('reviews of access in %s', (dialect) => {
  const campaign = (more: Partial<Campaign> = {}): Campaign => ({
    ...{ id: newId(NOW + ++made), namespace: 'travel', title: 'spring', onDue: 'report', dueAt: NOW + 9 },
    ...{ dueDoneAt: null, openedBy: { kind: 'user', id: 'root' }, openedAt: NOW, closedBy: null, closedAt: null },
    ...{ reviewers: ['user-1', 'user-2'], ...more },
  });
  const line = (review: string, number: number, holder: string): Line => ({
    ...{ review, line: number, holder: { kind: 'user', id: holder, name: '' }, kind: 'binding', namespace: 'travel' },
    ...{ target: `binding-${number}`, what: 'role user in travel', elsewhere: undefined, state: 'undecided' },
    ...{ reason: null, decidedBy: null, decidedAt: null },
  });

  test('come back as they were, with as many lines as there are', async () => {
    const opened = await database(dialect);
    const one = campaign();
    const lines = Array.from({ length: 1203 }, (_, at) => line(one.id, at + 1, 'user-3'));
    await opened.transaction((trx) => insertReview(trx, one, lines));
    const { db } = opened;
    expect(await findReview(db, one.id)).toEqual(one);
    expect(await pageOfLines(db, one.id, { after: 0, limit: 2000 })).toEqual(lines);
    expect(await pageOfLines(db, one.id, { states: ['kept'], after: 0, limit: 9 })).toEqual([]);
    expect(await countLines(db, one.id)).toMatchObject({ undecided: 1203, kept: 0 });
  });

  test('are listed by where they are, who decides in them and when they are due', async () => {
    const { db } = await database(dialect);
    const [near, far] = [campaign(), campaign({ namespace: 'money', reviewers: ['user-2'], dueAt: NOW + 99 })];
    for (const one of [near, far]) await insertReview(db, one, []);
    const ids = (found: readonly Campaign[]) => found.map(({ id }) => id);
    const page = { before: undefined, limit: 9 };
    expect(ids(await listReviews(db, 'all', page))).toEqual([far.id, near.id]);
    expect(ids(await listReviews(db, ['travel'], page))).toEqual([near.id]);
    expect(ids(await listReviews(db, [], page))).toEqual([]);
    expect(ids(await listReviewsOf(db, 'user-1', 9))).toEqual([near.id]);
    expect(ids(await listDue(db, NOW + 9, 9))).toEqual([near.id]);
    expect([await setDueDone(db, near.id, NOW + 10), await setDueDone(db, near.id, NOW + 11)]).toEqual([true, false]);
    expect(ids(await listDue(db, NOW + 9, 9))).toEqual([]);
    const end = { by: 'root', at: NOW + 20 };
    expect([await closeReview(db, far.id, end), await closeReview(db, far.id, end)]).toEqual([true, false]);
    expect(ids(await listReviewsOf(db, 'user-2', 9))).toEqual([near.id]);
    expect(ids(await listDue(db, NOW + 100, 9))).toEqual([]);
  });

  test('are decided once a line, and lose the words of who is erased, and those about them', async () => {
    const opened = await database(dialect);
    const { db } = opened;
    const one = campaign();
    await insertReview(db, one, [line(one.id, 1, 'user-3'), line(one.id, 2, 'user-1'), line(one.id, 3, 'user-3')]);
    const settled = { state: 'kept', reason: 'works here', decidedBy: 'user-1', decidedAt: NOW } as const;
    const [first, second, third] = [1, 2, 3].map((number) => ({ review: one.id, line: number }));
    for (const [which, by] of [
      [first, 'user-1'],
      [second, 'user-2'],
      [third, 'user-2'],
    ] as const) {
      const at = which ?? { review: '', line: 0 };
      expect(await settleLine(db, at, ['undecided'], { ...settled, decidedBy: by })).toBe(true);
      expect(await settleLine(db, at, ['undecided'], settled)).toBe(false);
    }
    const ends = (what: string) => new Map(what === 'subject.erased' ? [['user-1', NOW]] : []);
    const replay = async () =>
      await opened.transaction(async (trx) => await credentialsAfterRestore.replay?.(trx, ends, NOW));
    expect([await replay(), await replay()]).toEqual([2, 0]);
    await endAccessOf({ database: opened, clock: { now: () => NOW } }, 'user-1', 'erased');
    const lines = await pageOfLines(db, one.id, { after: 0, limit: 9 });
    expect(lines.map(({ reason, decidedBy }) => [reason, decidedBy])).toEqual([
      [null, 'user-1'],
      [null, 'user-2'],
      ['works here', 'user-2'],
    ]);
  });
});
