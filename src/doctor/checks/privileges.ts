import { keyState } from '#identity';
import type { Check, Weakness } from '../check.ts';

/** The least that is enough: what may do everything should not do so for ever. */
export const privileges: Check = {
  id: 'privileges',
  looksAt: 'least privilege: keys of administrators that never expire',
  run({ keys, agents, now }) {
    const admins = new Set(agents.filter(({ roles }) => roles.includes('admin')).map(({ id }) => id));
    return keys
      .filter((key) => keyState(key, now) === 'active' && key.expiresAt === null && admins.has(key.agentId))
      .map((key): Weakness => ({
        severity: 'warning',
        what: `the key \`${key.id}\` of \`${key.agent}\` has the role \`admin\` and never expires`,
        remedy: 'Make one with `--expires`, for an agent with the roles it needs, and revoke this one.',
      }));
  },
};
