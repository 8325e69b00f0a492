import type { InstallCommands } from '../context.ts';
import { addClientBlock, addClientDelete, addClientEnd, addClientUnblock } from './change.ts';
import { addClientList, addClientShow } from './list.ts';

/** `chatelaine client …`: the programs that ask for tokens. */
export const installClientCommands: InstallCommands = (program, context) => {
  const client = program.command('client').description('list, end, block and delete OAuth clients');
  const verbs = [addClientList, addClientShow, addClientEnd, addClientBlock, addClientUnblock, addClientDelete];
  for (const add of verbs) add(client, context);
};
