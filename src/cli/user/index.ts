import type { InstallCommands } from '../context.ts';
import { addUserDisable, addUserEnable, addUserErase } from './change.ts';
import { addUserCreate } from './create.ts';
import { addUserList, addUserShow } from './list.ts';

/** `chatelaine user …`: the people. */
export const installUserCommands: InstallCommands = (program, context) => {
  const user = program.command('user').description('make, list, cut off and forget users');
  for (const add of [addUserList, addUserShow, addUserCreate, addUserDisable, addUserEnable, addUserErase]) {
    add(user, context);
  }
};
