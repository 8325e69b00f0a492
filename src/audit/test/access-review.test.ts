import { describe, expect, it } from 'vitest';
import { accessReviewSchema, remarksOn, reviewAccess, type AccessHolder } from '../report/access-review.ts';
import { event, openLog, START } from './audit.fixture.ts';

const holder: AccessHolder = {
  kind: 'agent',
  iss: 'chatelaine',
  sub: 'agent-1',
  name: 'booking-bot',
  namespace: 'default',
  createdAt: START - 9,
  disabled: false,
  roles: [{ role: 'user', namespace: 'default', by: 'group agents' }],
  keys: [
    {
      id: 'k1',
      access: ['execute'],
      scopes: ['read:mail'],
      createdAt: START,
      expiresAt: START + 1e9,
      lastUsedAt: START,
    },
  ],
  secrets: [{ namespace: 'default', name: 'mail', lastUsedAt: START }],
};

it('a review says who holds what, and what they did last by the log', async () => {
  const { log } = await openLog();
  await log.append(event());
  const { id } = await log.append(event({ type: 'tool.last' }));
  async function* holders() {
    yield holder;
    yield { ...holder, sub: 'agent-2', name: 'idle-bot', iss: 'https://other.test' };
    yield { ...holder, sub: 'agent-3', name: 'old-bot', createdAt: START - 9000 };
  }
  const now = START + 1000;
  const pieces: string[] = [];
  const asked = { clock: { now: () => now }, unusedMs: 5000 };
  for await (const piece of reviewAccess({ holders }, log, asked)) pieces.push(piece);
  const review = accessReviewSchema.parse(JSON.parse(pieces.join('')));
  // A holder a piece: as many as there are need no more memory than one.
  expect(pieces).toHaveLength(5);
  expect(review.holders).toMatchObject([
    { sub: 'agent-1', lastSeen: { id, type: 'tool.last' }, remarks: [] },
    { sub: 'agent-2', remarks: [] },
    { sub: 'agent-3', remarks: ['unused'] },
  ]);
});

describe('a review remarks on', () => {
  const at = { now: START + 1000, since: START };
  it.each([
    ['nothing where all is in order', {}, START + 1, []],
    ['access that nobody uses', {}, START - 1, ['unused']],
    ['access of somebody who was never seen', {}, undefined, ['unused']],
    ['nothing where somebody came since, and was not seen yet', { createdAt: START }, undefined, []],
    ['nothing where there is no access', { roles: [], keys: [], secrets: [] }, undefined, []],
    ['access of somebody disabled', { disabled: true }, START + 1, ['disabled-with-access']],
    [
      'a key without an end',
      { keys: [{ id: 'k', access: [], scopes: [], createdAt: START }] },
      START,
      ['key-without-expiry'],
    ],
    [
      'a key that has ended',
      { keys: [{ id: 'k', access: [], scopes: [], createdAt: START - 9, expiresAt: START }] },
      START,
      ['key-expired'],
    ],
    [
      'a key that nobody uses',
      {
        keys: [
          { id: 'k', access: [], scopes: [], createdAt: START - 9, lastUsedAt: START - 1, expiresAt: START + 9999 },
        ],
      },
      START,
      ['key-unused'],
    ],
  ])('%s', (_, change, lastSeen, remarks) => {
    expect(remarksOn({ ...holder, ...change }, lastSeen, at)).toEqual(remarks);
  });
});
