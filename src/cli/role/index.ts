import type { InstallCommands } from '../context.ts';
import { addRoleGive, addRoleList, addRoleTake } from './verbs.ts';

/** `chatelaine role …`: who may do what, and where. */
export const installRoleCommands: InstallCommands = (program, context) => {
  const role = program.command('role').description('give roles and take them');
  for (const add of [addRoleList, addRoleGive, addRoleTake]) add(role, context);
};
