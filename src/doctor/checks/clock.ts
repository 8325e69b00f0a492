import { formatDuration } from '#kernel';
import type { Check } from '../check.ts';
import { newestMoment } from '../store/counts.ts';

const TOLERATED_MS = 5 * 60_000;

/** A clock that went back makes what has expired valid again. */
export const clock: Check = {
  id: 'clock',
  looksAt: 'the clock: whether something was written in its future',
  async run({ database, now }) {
    const newest = database === undefined ? 0 : await newestMoment(database.db);
    if (newest <= now + TOLERATED_MS) return [];
    return [
      {
        severity: 'error',
        what: `the database holds a moment ${formatDuration(newest - now)} in the future: the clock went back`,
        remedy: 'Set the clock, and keep it by NTP. What has expired meanwhile may be accepted until then.',
      },
    ];
  },
};
