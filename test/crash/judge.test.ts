import { expect, test } from 'vitest';
import type { AuditRecord } from '#contract';
import type { FoundKey, FoundSecret } from './findings.ts';
import { Journal, type Act } from './journal.ts';
import { judgeKeys, judgeLedger, judgeNotes, judgeRecords, judgeSecrets, judgeWork } from './judge.ts';

interface Done {
  readonly act: Act;
  /** Of an acknowledgement; a status for what was refused, and nothing for what was never answered. */
  readonly answer?: object | number;
}

function journalOf(...done: readonly Done[]): Journal {
  const journal = new Journal();
  done.forEach(({ act, answer }, at) => {
    const entry = journal.begin(act, `trace-${at}`);
    if (typeof answer === 'number') journal.refuse(entry, answer);
    else if (answer !== undefined) journal.acknowledge(entry, answer);
  });
  return journal;
}

const createKey: Done = {
  act: { kind: 'create-key', agent: 'a', label: '' },
  answer: { key: { id: 'k' }, secret: 'chk_…' },
};
const revokeKey = (answer?: object | number): Done => ({
  act: { kind: 'revoke-key', id: 'k' },
  ...(answer !== undefined && { answer }),
});
const disableAgent = (answer?: object | number): Done => ({
  act: { kind: 'disable-agent', agent: 'a' },
  ...(answer !== undefined && { answer }),
});
const put = (value: string, answer?: object | number): Done => ({
  act: { kind: 'put-secret', how: 'make', name: 's', value },
  ...(answer !== undefined && { answer }),
});
const disableSecret = (answer?: object | number): Done => ({
  act: { kind: 'disable-secret', name: 's' },
  ...(answer !== undefined && { answer }),
});

const active: FoundKey = { state: 'active', status: 200 };
const revoked: FoundKey = { state: 'revoked', status: 401 };
const disabled: FoundKey = { state: 'disabled', status: 401 };

test.each<[string, readonly Done[], FoundKey | undefined, RegExp | 'right']>([
  ['a key', [createKey], active, 'right'],
  ['a key that is lost', [createKey], undefined, /is gone/],
  ['a revoked key that is lost', [createKey, revokeKey({})], undefined, /is gone/],
  ['a key that nobody revoked and is', [createKey], revoked, /is revoked, not active/],
  ['a key that counts and is refused', [createKey], { state: 'active', status: 401 }, /is active and gets 401/],
  ['a revoked key', [createKey, revokeKey({})], revoked, 'right'],
  ['a revocation that is lost', [createKey, revokeKey({})], active, /is active, not revoked/],
  [
    'a revoked key that counts',
    [createKey, revokeKey({})],
    { state: 'revoked', status: 200 },
    /is revoked and gets 200/,
  ],
  ['a revocation that was never answered, carried out', [createKey, revokeKey()], revoked, 'right'],
  ['a revocation that was never answered, not carried out', [createKey, revokeKey()], active, 'right'],
  ['a revocation that was refused, carried out', [createKey, revokeKey(409)], revoked, /is revoked, not active/],
  ['a disabled agent', [createKey, disableAgent({ id: 'i' })], disabled, 'right'],
  ['a disabling that is lost', [createKey, disableAgent({ id: 'i' })], active, /is active, not disabled/],
  ['a disabling that was never answered', [createKey, disableAgent()], disabled, 'right'],
  ['a disabling that broke', [createKey, disableAgent(500)], disabled, 'right'],
])('the judge sees %s', (_, done, found, expected) => {
  const wrong = judgeKeys(journalOf(...done), new Map(found && [['k', found]]));
  if (expected === 'right') expect(wrong).toEqual([]);
  else expect(wrong).toEqual([expect.stringMatching(expected)]);
});

test.each<[string, readonly Done[], FoundSecret | undefined, RegExp | 'right']>([
  ['a secret', [put('x', { generation: 1 })], { generation: 1, value: 'x' }, 'right'],
  ['a secret that is lost', [put('x', { generation: 1 })], undefined, /is gone/],
  ['a secret that was never acknowledged', [put('x')], undefined, 'right'],
  [
    'a value that is lost',
    [put('x', { generation: 1 }), put('y', { generation: 2 })],
    { generation: 1, value: 'x' },
    /is at 1, and 2 was acknowledged/,
  ],
  [
    'an earlier value in the place of the last',
    [put('x', { generation: 1 }), put('y', { generation: 2 })],
    { generation: 2, value: 'x' },
    /nobody put there/,
  ],
  ['a value that was on its way', [put('x', { generation: 1 }), put('y')], { generation: 2, value: 'y' }, 'right'],
  [
    'a value that was refused',
    [put('x', { generation: 1 }), put('y', 409)],
    { generation: 2, value: 'y' },
    /nobody put there/,
  ],
  ['a secret by half', [put('x', { generation: 1 })], { generation: 1, code: 'SEALED_DATA_ALTERED' }, /does not open/],
  [
    'a secret that nobody disabled and is',
    [put('x', { generation: 1 })],
    { generation: 1, code: 'SECRET_DISABLED' },
    /does not open/,
  ],
  [
    'a disabled secret',
    [put('x', { generation: 1 }), disableSecret({ id: 'i' })],
    { generation: 2, code: 'SECRET_DISABLED' },
    'right',
  ],
  [
    'a disabling of a secret that is lost',
    [put('x', { generation: 1 }), disableSecret({ id: 'i' })],
    { generation: 1, value: 'x' },
    /opens, and was disabled/,
  ],
])('the judge sees %s', (_, done, found, expected) => {
  const wrong = judgeSecrets(journalOf(...done), new Map(found && [['s', found]]));
  if (expected === 'right') expect(wrong).toEqual([]);
  else expect(wrong).toEqual([expect.stringMatching(expected)]);
});

test('the judge sees each revocation that the ledger does not have', () => {
  const journal = journalOf(
    createKey,
    revokeKey({}),
    disableAgent({ id: 'agent-id' }),
    put('x', { generation: 1 }),
    disableSecret({ id: 'secret-id' }),
  );
  const all = [
    { what: 'key.revoked', id: 'k' },
    { what: 'agent.disabled', id: 'agent-id' },
    { what: 'secret.disabled', id: 'secret-id' },
  ] as const;
  expect(judgeLedger(journal, all)).toEqual([]);
  for (const lost of all) {
    expect(
      judgeLedger(
        journal,
        all.filter((one) => one !== lost),
      ),
    ).toEqual([`${lost.what} ${lost.id}`]);
  }
  expect(judgeLedger(journalOf(createKey, revokeKey()), [])).toEqual([]);
});

test('the judge sees a note that is lost', () => {
  const journal = journalOf({ act: { kind: 'note', text: 'n' }, answer: {} }, { act: { kind: 'note', text: 'open' } });
  expect(judgeNotes(journal, new Set(['n']))).toEqual([]);
  expect(judgeNotes(journal, new Set())).toEqual(['n']);
});

test('the judge sees a record that is missing, that has no intent, and that is there twice', () => {
  const journal = journalOf(createKey);
  const records = (...outcomes: readonly AuditRecord['outcome'][]): readonly AuditRecord[] =>
    outcomes.map((outcome) => ({ traceId: 'trace-0', outcome }) as AuditRecord);
  const wrong = (...outcomes: readonly AuditRecord['outcome'][]): readonly string[] =>
    judgeRecords({ ok: true, findings: [], records: records(...outcomes) }, journal)
      .filter(({ passed }) => passed !== true)
      .map(({ what }) => what);
  expect(wrong('intent', 'success')).toEqual([]);
  expect(wrong('intent')).toEqual(['acknowledged without one record, of 1']);
  expect(wrong('success')).toEqual(['changed without an intent']);
  expect(wrong('intent', 'success', 'success')).toEqual(['acknowledged without one record, of 1', 'recorded twice']);
});

test('a run in which a kind of change never came through proves nothing, and fails', () => {
  const all = [
    { act: { kind: 'note', text: 'n' }, answer: {} } as const,
    createKey,
    revokeKey({}),
    disableAgent({}),
    put('x', {}),
    disableSecret({}),
  ];
  const passed = (done: readonly Done[]): readonly unknown[] =>
    judgeWork(journalOf(...done), 1).map((one) => one.passed);
  expect(passed(all)).toEqual([true, true]);
  for (const missing of all) expect(passed(all.filter((one) => one !== missing))).toEqual([false, true]);
});

test('a refusal that no other request explains is a failure', () => {
  const journal = journalOf({ act: { kind: 'note', text: 'n' }, answer: 503 });
  expect(judgeWork(journal, 0).at(-1)).toMatchObject({ passed: false, seen: '1: note: 503' });
});
