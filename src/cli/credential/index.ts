import type { InstallCommands } from '../context.ts';
import { addCredentialList, addCredentialRequest, addCredentialRevoke, addCredentialValidate } from './verbs.ts';

/** `chatelaine credential …`: short-lived credentials for one tool. */
export const installCredentialCommands: InstallCommands = (program, context) => {
  const credential = program
    .command('credential')
    .description('ask for short-lived credentials for one tool, list and revoke them');
  for (const add of [addCredentialRequest, addCredentialList, addCredentialRevoke, addCredentialValidate]) {
    add(credential, context);
  }
};
