import type { InstallCommands } from '../context.ts';
import { addGroupAdd, addGroupCreate, addGroupDelete, addGroupList, addGroupRemove, addGroupShow } from './verbs.ts';

/** `chatelaine group …`: people and agents who are to be treated alike. */
export const installGroupCommands: InstallCommands = (program, context) => {
  const group = program.command('group').description('make groups, and put users and agents into them');
  for (const add of [addGroupList, addGroupShow, addGroupCreate, addGroupDelete, addGroupAdd, addGroupRemove]) {
    add(group, context);
  }
};
