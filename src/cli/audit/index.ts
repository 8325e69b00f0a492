import type { InstallCommands } from '../context.ts';
import { addAuditAccessReview } from './access-review.ts';
import { addAuditDeliveries } from './deliveries.ts';
import { addAuditEvidence, addAuditVerifyEvidence } from './evidence.ts';
import { addAuditExport } from './export.ts';
import { addAuditQuery } from './query.ts';
import { addAuditPublicKey, addAuditReceipt, addAuditVerifyReceipt } from './receipt.ts';
import { addAuditSubject } from './subject.ts';
import { addAuditVerify } from './verify.ts';

/** `chatelaine audit …`: questions to the record, proofs from it, and reports. */
export const installAuditCommands: InstallCommands = (program, context) => {
  const audit = program.command('audit').description('query, verify and export the record of what was done');
  const verbs = [
    addAuditQuery,
    addAuditReceipt,
    addAuditPublicKey,
    addAuditVerify,
    addAuditVerifyReceipt,
    addAuditExport,
    addAuditSubject,
    addAuditAccessReview,
    addAuditEvidence,
    addAuditVerifyEvidence,
    addAuditDeliveries,
  ];
  for (const add of verbs) add(audit, context);
};
