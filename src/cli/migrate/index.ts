import type { InstallCommands } from '../context.ts';
import { addMigrateForgetKeys } from './forget-keys.ts';
import { addMigrateStatus } from './status.ts';
import { addMigrateUp } from './up.ts';

/** `chatelaine migrate …`: the schema of the database, for whoever does not let `serve` change it. */
export const installMigrateCommands: InstallCommands = (program, context) => {
  const migrate = program
    .command('migrate')
    .description('show and apply the migrations of the database, and forget the keys of its hosts');
  for (const add of [addMigrateStatus, addMigrateUp, addMigrateForgetKeys]) add(migrate, context);
};
