/**
 * audit: the record of what was done, asked and refused, which nobody can quietly change.
 *
 * Owns making records of events (`record/`), the chain of each writer (`chain/`), durability shared by
 * many records (`commit/`), where it all lies (`store/`: a port, segment files, an index for
 * questions), signed checkpoints over all chains (`checkpoint/`), verifying a log or an export
 * (`verify/`), receipts for third parties (`receipt/`) and the formats of others (`export/`).
 * Does not own who may ask what, what an event means, or sending exports anywhere. Other modules do not import it to record
 * something: they take an `AuditTrail` (`#contract`).
 *
 * The rule everything here serves: what was acknowledged is on record, and what cannot be recorded is
 * refused. See docs/audit.md and ADR 9. Specifications: RFC 8785 (canonical JSON), RFC 6962 §2.1
 * (Merkle trees), RFC 8032 (Ed25519), RFC 5424 (syslog).
 */
export { AuditLog, type AuditLogOptions, type AuditStatus, type CheckpointRhythm } from './audit-log.ts';
export { recordedChange, type Changed, type IntendedChange } from './recorded-change.ts';
export { openAuditLog, openAuditStore, type OpenAuditOptions } from './open-audit-log.ts';
export { closeChains, snapshotAudit, type AuditSnapshot } from './store/segments/snapshot.ts';
export { keepFormerKeys, trustedKeysOf } from './checkpoint/former-keys.ts';
export { auditFilter, MOST_RECORDS, type AuditFilter } from './store/query.ts';
export type { AuditStore, Page, PageRequest, WriterState } from './store/store.ts';
export { canonicalJson } from './record/canonical-json.ts';
export { type SignedCheckpoint } from './checkpoint/checkpoint.ts';
export { exportPublicKey, trustKeys, type SigningKey, type TrustedKeys } from './checkpoint/signing-key.ts';
export { logStream, type LogItem } from './verify/log-stream.ts';
export { verifyLog, type VerifyOptions, type VerifyReport } from './verify/verify.ts';
export { checkLastCheckpoint } from './verify/last-checkpoint.ts';
export type { Finding } from './verify/finding.ts';
export { receiptSchema, verifyReceipt, type Receipt } from './receipt/receipt.ts';
export { exportNdjson, readNdjson, type ReadExport } from './export/ndjson.ts';
export { toOcsf } from './export/ocsf.ts';
export { toCef } from './export/cef.ts';
export { toSyslog, type SyslogOrigin } from './export/syslog.ts';
