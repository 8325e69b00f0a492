import type { AuditEvent, AuditRecord } from '#contract';
import { canonicalJson } from '../record/canonical-json.ts';

export interface SyslogOrigin {
  /** The host's name, as RFC 5424 §6.2.4 wants it. */
  readonly hostname: string;
  /** The process, `-` where it does not matter. */
  readonly processId: string;
}

/** Facility 13, log audit (RFC 5424 §6.2.1). */
const FACILITY = 13;

/** Severities of RFC 5424 §6.2.1: 4 warning, 5 notice, 6 informational. */
const SEVERITY: Readonly<Record<AuditEvent['outcome'], number>> = {
  success: 6,
  intent: 6,
  failure: 5,
  unknown: 4,
  denied: 4,
};

// 32473 is the enterprise number for documentation (RFC 5612); we have none of our own.
const STRUCTURED_DATA = 'chatelaine@32473';

/**
 * A record as a message of RFC 5424, without framing. The fields that a receiver sorts by stand in
 * the structured data; the message is the whole record as canonical JSON, so nothing is lost.
 */
export function toSyslog(record: AuditRecord, origin: SyslogOrigin): string {
  const { time, type, outcome } = record;
  return syslogMessage(
    { severity: SEVERITY[outcome], time, type, data: structuredData(record) },
    origin,
    canonicalJson(record),
  );
}

/** A message of the log audit facility. `data` is structured data as it is written, `-` for none. */
export function syslogMessage(
  {
    severity,
    time,
    type,
    data,
  }: { readonly severity: number; readonly time: string; readonly type: string; readonly data: string },
  origin: SyslogOrigin,
  text: string,
): string {
  const header = [
    `<${FACILITY * 8 + severity}>1`,
    time,
    printable(origin.hostname, 255),
    'chatelaine',
    printable(origin.processId, 128),
    printable(type, 32),
  ];
  // The mark says that what follows is UTF-8 (§6.4).
  return `${header.join(' ')} ${data} \ufeff${text}`;
}

function structuredData({ id, writer, seq, outcome, action, actor, object, requestId }: AuditRecord): string {
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['id', id],
    ['writer', writer],
    ['seq', String(seq)],
    ['outcome', outcome],
    ['action', action],
    ['actor', actor.sub],
    ['object', object && `${object.namespace}/${object.name}`],
    ['requestId', requestId],
  ];
  const written = parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeParameter(value as string)}"`);
  return `[${STRUCTURED_DATA}${written.join('')}]`;
}

const CONTROLS = /\p{Cc}/gu;

/** §6.3.3: `"`, `\` and `]` are escaped. Controls are allowed there, but receivers end lines at them. */
const escapeParameter = (value: string): string => value.replace(/["\\\]]/g, String.raw`\$&`).replace(CONTROLS, ' ');

/** A header field: printable ASCII without spaces (§6), `-` when nothing is left. */
const printable = (value: string, limit: number): string => value.replace(/[^!-~]/g, '_').slice(0, limit) || '-';
