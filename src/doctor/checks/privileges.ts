import { keyState } from '#identity';
import type { Check, Patient, Weakness } from '../check.ts';

/** The least that is enough: what may do everything should not do so for ever. */
export const privileges: Check = {
  id: 'privileges',
  looksAt: 'least privilege: keys of administrators that never expire',
  run(patient) {
    const { keys, now } = patient;
    return keys
      .filter(
        (key) => keyState(key, now) === 'active' && key.expiresAt === null && isAdministrator(patient, key.agentId),
      )
      .map((key): Weakness => ({
        severity: 'warning',
        what: `the key \`${key.id}\` of \`${key.agent}\` has the role \`admin\` and never expires`,
        remedy: 'Make one with `--expires`, for an agent with the roles it needs, and revoke this one.',
      }));
  },
};

/** Whether the agent has the role `admin`, by itself, by a binding or by a group. */
export const isAdministrator = ({ agents, givenAdmin }: Pick<Patient, 'agents' | 'givenAdmin'>, id: string): boolean =>
  givenAdmin.has(id) || agents.some((agent) => agent.id === id && agent.roles.includes('admin'));
