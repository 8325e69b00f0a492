import { keyState } from '#identity';
import { DAY_MS, type Check, type Weakness } from '../check.ts';

const OLDEST_DAYS = 365;

/** What has been used for long has been seen by many. */
export const rotation: Check = {
  id: 'rotation',
  looksAt: 'age of API keys',
  run({ keys, now }) {
    return keys
      .filter((key) => keyState(key, now) === 'active' && now - key.createdAt > OLDEST_DAYS * DAY_MS)
      .map((key): Weakness => ({
        severity: 'warning',
        what: `the key \`${key.id}\` of \`${key.agent}\` is ${Math.floor((now - key.createdAt) / DAY_MS)} days old`,
        remedy: 'Make a new one, bring it to its agent, and revoke this one.',
      }));
  },
};
