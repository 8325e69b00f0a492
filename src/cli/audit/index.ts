import type { InstallCommands } from '../context.ts';
import { addAuditExport } from './export.ts';
import { addAuditQuery } from './query.ts';
import { addAuditPublicKey, addAuditReceipt, addAuditVerifyReceipt } from './receipt.ts';
import { addAuditVerify } from './verify.ts';

/** `chatelaine audit …`: questions to the record, and proofs from it. */
export const installAuditCommands: InstallCommands = (program, context) => {
  const audit = program.command('audit').description('query, verify and export the record of what was done');
  const verbs = [
    addAuditQuery,
    addAuditReceipt,
    addAuditPublicKey,
    addAuditVerify,
    addAuditVerifyReceipt,
    addAuditExport,
  ];
  for (const add of verbs) add(audit, context);
};
