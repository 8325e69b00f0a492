import { canonicalJson, verifyReceipt, type TrustedKeys } from '#audit';
import { err, isRecord, ok, sha256Hex, type Result } from '#kernel';
import { containmentReport, type ContainmentReport } from './containment.ts';

/** What the record of an end says of its report. */
export const reportDigest = (report: ContainmentReport): string => sha256Hex(canonicalJson(report));

/**
 * Checks a report with nothing but public keys: that its receipt is signed, and that the record in it has the digest
 * of this report. Gives the report, or why it proves nothing.
 */
export function verifyContainment(signed: unknown, keys: TrustedKeys): Result<ContainmentReport, string> {
  if (!isRecord(signed)) return err('it is no report of a containment');
  const report = containmentReport.safeParse(signed['report']);
  if (!report.success) return err('it is no report of a containment');
  const record = verifyReceipt(signed['receipt'], keys);
  if (!record.ok) return err(record.error);
  const { type, details, object } = record.value;
  if (type !== 'containment.ended' || object?.id !== report.data.id) return err('its receipt is of another record');
  if (details?.['report'] !== reportDigest(report.data)) return err('the report is not the one that was recorded');
  return ok(report.data);
}
