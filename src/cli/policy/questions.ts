import type { InstallCommands } from '../context.ts';
import { addPolicyAdvise } from './advise.ts';
import { addPolicyExplain } from './explain.ts';
import { addPolicyShadow } from './shadow.ts';
import { addPolicySimulate } from './simulate.ts';
import { addPolicyWho } from './who.ts';

/** The verbs that ask and change nothing. */
export const POLICY_QUESTIONS: readonly InstallCommands[] = [
  addPolicyExplain,
  addPolicyWho,
  addPolicySimulate,
  addPolicyShadow,
  addPolicyAdvise,
];
