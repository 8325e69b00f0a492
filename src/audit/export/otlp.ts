import type { AuditEvent, AuditRecord } from '#contract';
import { canonicalJson } from '../record/canonical-json.ts';

/** Severity numbers of the OpenTelemetry log data model: 9 INFO, 10 INFO2, 13 WARN. */
const SEVERITY: Readonly<Record<AuditEvent['outcome'], { readonly number: number; readonly text: string }>> = {
  success: { number: 9, text: 'INFO' },
  intent: { number: 9, text: 'INFO' },
  failure: { number: 10, text: 'INFO2' },
  unknown: { number: 13, text: 'WARN' },
  denied: { number: 13, text: 'WARN' },
};

/**
 * Records as an `ExportLogsServiceRequest` of OTLP 1.x in its JSON form: one log record each, its body
 * the whole record as canonical JSON, so nothing is lost; its attributes what a backend sorts by.
 */
export function toOtlp(
  records: readonly AuditRecord[],
  resource: { readonly serviceName: string; readonly serviceVersion: string },
): Readonly<Record<string, unknown>> {
  return {
    resourceLogs: [
      {
        resource: {
          attributes: attributes({
            'service.name': resource.serviceName,
            'service.version': resource.serviceVersion,
          }),
        },
        scopeLogs: [{ scope: { name: 'chatelaine.audit', version: '1' }, logRecords: records.map(toLogRecord) }],
      },
    ],
  };
}

function toLogRecord(record: AuditRecord): Readonly<Record<string, unknown>> {
  const { actor, object, outcome, traceId } = record;
  // A decimal text: fixed64 in JSON is one (protobuf JSON mapping).
  const nanoseconds = `${Date.parse(record.time)}000000`;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber: SEVERITY[outcome].number,
    severityText: SEVERITY[outcome].text,
    eventName: record.type,
    body: { stringValue: canonicalJson(record) },
    attributes: attributes({
      'log.record.uid': record.id,
      'chatelaine.audit.writer': record.writer,
      'chatelaine.audit.seq': record.seq,
      'chatelaine.audit.class': record.class,
      'chatelaine.audit.action': record.action,
      'chatelaine.audit.outcome': outcome,
      'chatelaine.audit.actor': actor.sub,
      'chatelaine.audit.issuer': actor.iss,
      'chatelaine.audit.object': object && `${object.kind} ${object.namespace}/${object.name ?? object.id ?? ''}`,
      'user_agent.original': record.userAgent,
      'client.address': record.address,
      'error.type': record.error,
    }),
    ...(traceId !== undefined && /^[0-9a-f]{32}$/.test(traceId) && { traceId }),
  };
}

const attributes = (values: Readonly<Record<string, string | number | undefined>>) =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
    }));

/** How many records an answer says were refused for good (`partial_success`); they must not be sent again. */
export function refusedByOtlp(answer: string): number {
  try {
    const parsed = JSON.parse(answer) as { partialSuccess?: { rejectedLogRecords?: number | string } } | null;
    const refused = Number(parsed?.partialSuccess?.rejectedLogRecords ?? 0);
    return Number.isSafeInteger(refused) && refused > 0 ? refused : 0;
  } catch {
    return 0;
  }
}
