import type { InstallCommands } from '../context.ts';
import { addCaBundle } from './bundle.ts';
import { addCaInit } from './init.ts';
import { addCaIssue } from './issue.ts';
import { addCaList } from './list.ts';
import { addCaRotate } from './rotate.ts';

/** `chatelaine ca …`: a small certificate authority, for those who have none. */
export const installCaCommands: InstallCommands = (program, context) => {
  const ca = program.command('ca').description('make a certificate authority, issue certificates and rotate it');
  for (const add of [addCaInit, addCaIssue, addCaList, addCaBundle, addCaRotate]) add(ca, context);
};
