/** A report that leaves is on record before its first byte and before its last. */
import { describe, expect, it } from 'vitest';
import { ChatelaineError } from '#kernel';
import { recordedReport } from '../report/recorded-report.ts';
import { auditError } from '../errors.ts';
import { event, openLog } from './audit.fixture.ts';

const origin = { door: 'api', actor: event().actor } as const;
const report = { type: 'report.test', object: { kind: 'report', namespace: '*', name: 'test' }, details: { days: 3 } };

async function* pieces(failure?: Error) {
  yield 'one';
  yield 'two';
  if (failure) throw failure;
  yield 'three';
}

async function start() {
  const { log } = await openLog();
  const onRecord = async () => (await log.query({ type: 'report.test' }, { limit: 9 })).records.toReversed();
  const outcomes = async () => (await onRecord()).map(({ outcome, error }) => [outcome, error]);
  return { log, onRecord, outcomes };
}

describe('a report', () => {
  it('that leaves whole has its intent before the first piece and its outcome before the last', async () => {
    const { log, onRecord, outcomes } = await start();
    const leaving = recordedReport(log, origin, report, pieces());
    expect(await outcomes()).toEqual([]);
    expect((await leaving.next()).value).toBe('one');
    expect((await leaving.next()).value).toBe('two');
    expect(await outcomes()).toEqual([['intent', undefined]]);
    expect((await leaving.next()).value).toBe('three');
    const [intent, outcome] = await onRecord();
    expect(intent).toMatchObject({ class: 'audit', action: 'export', outcome: 'intent', details: { days: 3 } });
    expect(outcome).toMatchObject({ outcome: 'success', details: { days: 3, intent: intent?.id } });
    expect((await leaving.next()).done).toBe(true);
  });

  it('that nobody waits for is on record as one of which nobody knows how much arrived', async () => {
    const { log, outcomes } = await start();
    for await (const piece of recordedReport(log, origin, report, pieces())) if (piece === 'one') break;
    expect(await outcomes()).toEqual([
      ['intent', undefined],
      ['unknown', undefined],
    ]);
  });

  it.each([
    [new Error('hunter2'), ['failure', 'INTERNAL']],
    [auditError('AUDIT_QUERY_INVALID', 'no'), ['denied', 'AUDIT_QUERY_INVALID']],
  ])('that fails with %s is on record as such, and fails with it', async (failure, recorded) => {
    const { log, outcomes } = await start();
    const given: string[] = [];
    const taking = async () => {
      for await (const piece of recordedReport(log, origin, report, pieces(failure))) given.push(piece);
    };
    await expect(taking()).rejects.toBe(failure);
    // What was held back for the outcome stays back.
    expect(given).toEqual(['one']);
    expect(await outcomes()).toEqual([['intent', undefined], recorded]);
  });

  it('of which nothing can be recorded does not begin', async () => {
    let begun = false;
    async function* noticed() {
      begun = true;
      yield 'one';
    }
    const refusing = { append: () => Promise.reject(auditError('AUDIT_UNAVAILABLE', 'the disk is full')) };
    const leaving = recordedReport(refusing, origin, report, noticed());
    await expect(leaving.next()).rejects.toBeInstanceOf(ChatelaineError);
    expect(begun).toBe(false);
  });

  it('whose end cannot be recorded does not get its last piece', async () => {
    const { log } = await start();
    let appended = 0;
    const failing = {
      append: (one: Parameters<typeof log.append>[0]) =>
        appended++ === 0 ? log.append(one) : Promise.reject(auditError('AUDIT_UNAVAILABLE', 'the disk is full')),
    };
    const given: string[] = [];
    const taking = async () => {
      for await (const piece of recordedReport(failing, origin, report, pieces())) given.push(piece);
    };
    await expect(taking()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(given).toEqual(['one', 'two']);
  });
});
