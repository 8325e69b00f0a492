import { expect, test } from 'vitest';
import type { Revocation } from '#contract';
import type { LedgerEntry } from '../ledger/entry.ts';
import { standingEnds } from '../restore/standing-ends.ts';

const ledger = (...entries: readonly (readonly [at: number, what: Revocation['what'], holdsFrom?: number])[]) =>
  entries.map(([at, what, holdsFrom], index): LedgerEntry => ({
    seq: index + 1,
    at,
    what,
    id: 'x',
    ...(holdsFrom !== undefined && { holdsFrom }),
  }));

const standing = (what: Revocation['what'], ...ledgers: readonly (readonly LedgerEntry[])[]): (number | undefined)[] =>
  [ledgers, ledgers.toReversed()].map((order) => standingEnds(order)(what).get('x'));

test('what one host let in again takes back nothing that another ended afterwards', () => {
  const [one, other] = [ledger([1, 'user.disabled'], [2, 'user.enabled']), ledger([3, 'user.disabled'])];
  expect(standing('user.disabled', one, other)).toEqual([3, 3]);
});

test('what one host ended another lets in again', () => {
  const [one, other] = [ledger([1, 'membership.removed']), ledger([2, 'membership.added'])];
  expect(standing('membership.removed', one, other)).toEqual([undefined, undefined]);
});

test('within a ledger its order counts and not its clock', () => {
  expect(standing('namespace.disabled', ledger([5, 'namespace.disabled'], [4, 'namespace.enabled']))).toEqual([
    undefined,
    undefined,
  ]);
});

test('of an end the first moment counts, unless the last entry names its own', () => {
  expect(standing('key.revoked', ledger([1, 'key.revoked']), ledger([2, 'key.revoked']))).toEqual([1, 1]);
  const [early, late] = [ledger([1, 'credential.changed', 10]), ledger([2, 'credential.changed', 20])];
  expect(standing('credential.changed', early, late)).toEqual([20, 20]);
});
