import type { InstallCommands } from '../context.ts';
import { addApprovalApprove, addApprovalCancel, addApprovalRefuse } from './decide.ts';
import { addApprovalList, addApprovalShow } from './list.ts';
import { addApprovalWatch } from './watch.ts';

/** `chatelaine approval …`: calls that wait for the yes of people. */
export const installApprovalCommands: InstallCommands = (program, context) => {
  const approval = program
    .command('approval')
    .description('list, watch and decide calls that wait for the yes of people');
  const verbs = [
    ...[addApprovalList, addApprovalShow, addApprovalApprove, addApprovalRefuse],
    ...[addApprovalCancel, addApprovalWatch],
  ];
  for (const add of verbs) add(approval, context);
};
