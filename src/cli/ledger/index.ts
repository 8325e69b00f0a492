import type { InstallCommands } from '../context.ts';
import { addLedgerAdopt } from './adopt.ts';

/** `chatelaine ledger …`: the record of revocations outside the database. */
export const installLedgerCommands: InstallCommands = (program, context) => {
  const ledger = program.command('ledger').description('the ledger of revocations, which restores are held to');
  for (const add of [addLedgerAdopt]) add(ledger, context);
};
