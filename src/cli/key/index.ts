import type { InstallCommands } from '../context.ts';
import { addKeyCreate } from './create.ts';
import { addKeyList } from './list.ts';
import { addKeyRevoke } from './revoke.ts';
import { addKeyRotate } from './rotate.ts';
import { addKeyRotateSigning } from './rotate-signing.ts';

/** `chatelaine key …`: what agents sign in with, and what tokens are signed with. */
export const installKeyCommands: InstallCommands = (program, context) => {
  const key = program
    .command('key')
    .description('make, list, rotate and revoke the API keys of agents; rotate the keys that sign tokens');
  for (const add of [addKeyCreate, addKeyList, addKeyRotate, addKeyRevoke, addKeyRotateSigning]) add(key, context);
};
