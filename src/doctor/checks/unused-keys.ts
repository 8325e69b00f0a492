import { keyState } from '#identity';
import { DAY_MS, type Check, type Weakness } from '../check.ts';

const LONGEST_DAYS = 90;

/** Nobody misses a key that nobody uses, also not when it is stolen. */
export const unusedKeys: Check = {
  id: 'unused-keys',
  looksAt: 'API keys that nobody has used for long',
  run({ keys, now }) {
    return keys
      .filter((key) => {
        const last = Math.max(key.lastUsedAt ?? 0, key.createdAt);
        return keyState(key, now) === 'active' && now - last > LONGEST_DAYS * DAY_MS;
      })
      .map((key): Weakness => ({
        severity: 'warning',
        what: `nobody has used the key \`${key.id}\` of \`${key.agent}\` for ${LONGEST_DAYS} days`,
        remedy: `chatelaine key revoke ${key.id}`,
      }));
  },
};
