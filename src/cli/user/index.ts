import type { InstallCommands } from '../context.ts';
import { addUserDisable, addUserEnable, addUserErase } from './change.ts';
import { addUserCreate } from './create.ts';
import { addUserInvite } from './invite.ts';
import { addUserList, addUserShow } from './list.ts';
import { addUserPasswordLink, addUserResetFactors } from './reset.ts';
import { addUserSetupLink } from './setup-link.ts';

/** `chatelaine user …`: the people. */
export const installUserCommands: InstallCommands = (program, context) => {
  const user = program.command('user').description('make, list, cut off and forget users');
  const verbs = [
    addUserList,
    addUserShow,
    addUserCreate,
    addUserInvite,
    addUserDisable,
    addUserEnable,
    addUserErase,
    addUserPasswordLink,
    addUserResetFactors,
    addUserSetupLink,
  ];
  for (const add of verbs) add(user, context);
};
