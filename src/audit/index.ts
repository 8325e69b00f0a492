/**
 * audit: the record of what was done, asked and refused, which nobody can quietly change.
 *
 * Owns making records of events (`record/`), the chain of each writer (`chain/`), durability shared by
 * many records (`commit/`), where it all lies (`store/`: a port, segment files, an index for
 * questions), signed checkpoints over all chains (`checkpoint/`), verifying a log or an export
 * (`verify/`), receipts for third parties (`receipt/`), the formats of others (`export/`), carrying
 * records and checkpoints to receivers without loss (`delivery/`, `anchor/`), and keeping what is
 * personal apart (`people/`: a port to the keys of people, which the vault fills), removing what is old
 * (`retention/`), counting refusals that come in floods (`counted-refusals.ts`), and reports (`report/`: on a
 * person, on access, on an incident).
 * Does not own who may ask what, or what an event means. Other modules do not import it to record
 * something: they take an `AuditTrail` (`#contract`).
 *
 * The rule everything here serves: what was acknowledged is on record, and what cannot be recorded is
 * refused. See docs/audit.md and ADR 9. Specifications: RFC 8785 (canonical JSON), RFC 6962 §2.1
 * (Merkle trees), RFC 8032 (Ed25519), RFC 5424 and 5425 (syslog, over TLS), OTLP 1.x (logs as JSON).
 */
import type * as EvidenceFolder from './report/folder.ts';
import type { auditRoutes } from './routes.ts';

export { AuditLog, type AuditLogOptions } from './audit-log.ts';
export type { CheckpointRhythm } from './checkpoint/checkpoint-turns.ts';
export { recordedChange, type Changed, type IntendedChange } from './recorded-change.ts';
export { CountedRefusals, REFUSAL_LIMITS, type CountedAs, type RefusalLimits } from './counted-refusals.ts';
export { openAuditLog, openAuditStore, viewAudit, type AuditView, type OpenAuditOptions } from './open-audit-log.ts';
export { closeChains, snapshotAudit } from './store/segments/snapshot.ts';
export { closeTableChains, snapshotTables } from './store/postgres/snapshot.ts';
export type { AuditSnapshot } from './store/snapshot.ts';
export { keepFormerKeys, trustedKeysOf } from './checkpoint/former-keys.ts';
export { auditFilter, MOST_RECORDS, type AuditFilter } from './store/query.ts';
export type { AuditStore, Page, PageRequest, WriterState } from './store/store.ts';
export { subjectOf, type OpenedFields, type SealedFields, type SubjectSealer } from './people/subject-sealer.ts';
export { canonicalJson } from './record/canonical-json.ts';
export { lastCheckpoint, type SignedCheckpoint } from './checkpoint/checkpoint.ts';
export { exportPublicKey, trustKeys, type SigningKey, type TrustedKeys } from './checkpoint/signing-key.ts';
export { logStream, type LogItem } from './verify/log-stream.ts';
export { verifyLog, type VerifyOptions, type VerifyReport } from './verify/verify.ts';
export { checkLastCheckpoint } from './verify/last-checkpoint.ts';
export type { Finding } from './verify/finding.ts';
export { receiptSchema, verifyReceipt, type Receipt } from './receipt/receipt.ts';
export {
  exportSubject,
  subjectExportSchema,
  type SubjectExport,
  type SubjectIdentity,
} from './report/subject-export.ts';
export { receiptOfErasure, type ErasureOnRecord } from './report/receipt-of-erasure.ts';
export { recordedReport, type LeavingReport } from './report/recorded-report.ts';
export {
  accessReviewSchema,
  reviewAccess,
  type AccessHolder,
  type AccessKey,
  type AccessReview,
  type AccessSource,
  type HeldRole,
} from './report/access-review.ts';
export { startRetention, type RetentionOptions } from './retention/start-retention.ts';
export type { EvidenceOptions } from './report/write-evidence.ts';
export type { EvidenceManifest } from './report/evidence.ts';
export { exportNdjson, readNdjson, type ReadExport } from './export/ndjson.ts';
export { startDeliveries, type Deliveries, type DeliveriesOptions } from './delivery/start-deliveries.ts';
export type { DeliveryStatus } from './delivery/delivery.ts';
export { readStandings, type DeliveryStanding } from './delivery/standing.ts';
export type { DeliveryReport } from './delivery/report.ts';
export type { ExportOrigin } from './delivery/open-export.ts';
export { readAnchors } from './anchor/read-anchors.ts';
export { checkWebhook, SIGNATURE_HEADER } from './anchor/webhook-signature.ts';
export { toOtlp } from './export/otlp.ts';
export { toOcsf } from './export/ocsf.ts';
export { toCef } from './export/cef.ts';
export { toSyslog, type SyslogOrigin } from './export/syslog.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadAuditRoutes = async (
  ...parts: Parameters<typeof auditRoutes>
): Promise<ReturnType<typeof auditRoutes>> => (await import('./routes.ts')).auditRoutes(...parts);

/** Loaded when used, likewise: a server makes evidence, and others read it. */
export const loadEvidenceFolder = (): Promise<typeof EvidenceFolder> => import('./report/folder.ts');
