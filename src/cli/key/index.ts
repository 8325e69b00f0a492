import type { InstallCommands } from '../context.ts';
import { addKeyCreate } from './create.ts';
import { addKeyList } from './list.ts';
import { addKeyRevoke } from './revoke.ts';

/** `chatelaine key …`: what agents sign in with. */
export const installKeyCommands: InstallCommands = (program, context) => {
  const key = program.command('key').description('make, list and revoke the API keys of agents');
  for (const add of [addKeyCreate, addKeyList, addKeyRevoke]) add(key, context);
};
