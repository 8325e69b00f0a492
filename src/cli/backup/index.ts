import type { InstallCommands } from '../context.ts';
import { addBackupCreate } from './create.ts';
import { addBackupKey } from './key.ts';
import { addBackupList } from './list.ts';
import { addBackupVerify } from './verify.ts';

/** `chatelaine backup …`: encrypted copies of the state, made while servers run. */
export const installBackupCommands: InstallCommands = (program, context) => {
  const backup = program.command('backup').description('make, list and verify encrypted backups of the state');
  for (const add of [addBackupCreate, addBackupVerify, addBackupList, addBackupKey]) add(backup, context);
};
