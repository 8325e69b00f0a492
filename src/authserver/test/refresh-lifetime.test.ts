import { expect, test } from 'vitest';
import { SESSION_LIFETIMES } from '#identity';
import { idleSeconds, refreshLifetime } from '../provider/refresh-lifetime.ts';
import { LIFETIMES } from '../provider/settings.ts';

const HOUR = 3600;
const idle = idleSeconds(LIFETIMES, SESSION_LIFETIMES);
const issuedAt = 1_800_000_000;
const after = (clientId: string, hours: number): number =>
  refreshLifetime({ clientId, iiat: issuedAt, now: (issuedAt + hours * HOUR) * 1000 }, idle, SESSION_LIFETIMES);

test.each([
  [0, 8 * HOUR],
  [3, 8 * HOUR],
  [5, 7 * HOUR],
  [11, HOUR],
  [12, 1],
  [99, 1],
])('%d hours after it signed in, a refresh token of the command line counts for %d seconds', (hours, seconds) => {
  expect(after('chatelaine-cli', hours)).toBe(seconds);
});

test('those of other clients begin anew at each use', () => {
  expect([after('desk', 0), after('desk', 9999)]).toEqual([LIFETIMES.refreshToken, LIFETIMES.refreshToken]);
});
