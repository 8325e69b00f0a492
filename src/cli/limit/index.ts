import type { InstallCommands } from '../context.ts';
import { addLimitDelete, addLimitList, addLimitPut, addLimitShow } from './verbs.ts';

/** `chatelaine limit …`: how much callers may do. */
export const installLimitCommands: InstallCommands = (program, context) => {
  const limit = program.command('limit').description('say how much callers may do, and see how much they did');
  for (const add of [addLimitList, addLimitShow, addLimitPut, addLimitDelete]) add(limit, context);
};
