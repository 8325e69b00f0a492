import type { InstallCommands } from '../context.ts';
import { addAccessApprove, addAccessCancel, addAccessList, addAccessReject, addAccessRequest } from './verbs.ts';

/** `chatelaine access …`: wishes for access to tools, and their review. */
export const installAccessCommands: InstallCommands = (program, context) => {
  const access = program.command('access').description('ask for access to tools, and decide about such requests');
  for (const add of [addAccessRequest, addAccessList, addAccessApprove, addAccessReject, addAccessCancel]) {
    add(access, context);
  }
};
