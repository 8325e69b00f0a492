import type { InstallCommands } from '../context.ts';
import { addKeyCreate } from './create.ts';
import { addKeyList } from './list.ts';
import { addKeyRevoke } from './revoke.ts';
import { addKeyRotate } from './rotate.ts';

/** `chatelaine key …`: what agents sign in with. */
export const installKeyCommands: InstallCommands = (program, context) => {
  const key = program.command('key').description('make, list, rotate and revoke the API keys of agents');
  for (const add of [addKeyCreate, addKeyList, addKeyRotate, addKeyRevoke]) add(key, context);
};
