import { formatDuration, formatSize } from '#kernel';
import type { Check, Weakness } from '../check.ts';

const LARGEST_BODY = 64 * 1024 * 1024;
const MOST_CALLS = 10_000;
const LONGEST_REQUEST_MS = 5 * 60_000;

/** Limits that are so high that they are none. */
export const limits: Check = {
  id: 'limits',
  looksAt: 'limits: size and duration of requests, calls at once',
  run({ settings: { limits } }) {
    const wide: [boolean, string][] = [
      [limits.maxBodyBytes > LARGEST_BODY, `\`limits.maxBodyBytes\` lets ${formatSize(limits.maxBodyBytes)} in`],
      [
        limits.maxConcurrentCalls > MOST_CALLS,
        `\`limits.maxConcurrentCalls: ${limits.maxConcurrentCalls}\` is no limit`,
      ],
      [
        limits.requestTimeout > LONGEST_REQUEST_MS,
        `\`limits.requestTimeout\` lets a client take ${formatDuration(limits.requestTimeout)} to send a request`,
      ],
    ];
    return wide
      .filter(([isWide]) => isWide)
      .map(([, what]): Weakness => ({
        severity: 'warning',
        what,
        remedy: 'Lower it; one caller can exhaust the server.',
      }));
  },
};
