import { keyState } from '#identity';
import type { Check, Weakness } from '../check.ts';
import { isAdministrator } from './privileges.ts';

/** A key that was lost sight of ends by itself, or never. Those of administrators: `privileges`. */
export const expiry: Check = {
  id: 'expiry',
  looksAt: 'API keys that never expire',
  run(patient) {
    const { keys, now } = patient;
    return keys
      .filter(
        (key) => keyState(key, now) === 'active' && key.expiresAt === null && !isAdministrator(patient, key.agentId),
      )
      .map((key): Weakness => ({
        severity: 'warning',
        what: `the key \`${key.id}\` of \`${key.agent}\` never expires`,
        remedy: 'Make one with `--expires`, bring it to its agent, and revoke this one.',
      }));
  },
};
