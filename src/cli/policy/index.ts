import type { InstallCommands } from '../context.ts';
import { addPolicyForm } from './form.ts';
import { addPolicyList, addPolicyShow } from './list.ts';
import { addPolicyDelete, addPolicyPut, addPolicyValidate } from './put.ts';
import { POLICY_QUESTIONS } from './questions.ts';
import { addPolicyRestore, addPolicyVersions } from './versions.ts';

/** `chatelaine policy …`: who may call what, and why. */
export const installPolicyCommands: InstallCommands = (program, context) => {
  const policy = program.command('policy').description('say who may call what, ask why, and try out what would change');
  const verbs = [
    addPolicyList,
    addPolicyShow,
    addPolicyPut,
    addPolicyValidate,
    addPolicyDelete,
    addPolicyVersions,
    addPolicyRestore,
    addPolicyForm,
    ...POLICY_QUESTIONS,
  ];
  for (const add of verbs) add(policy, context);
};
