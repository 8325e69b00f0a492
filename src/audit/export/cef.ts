import type { AuditEvent, AuditRecord } from '#contract';

/** 0 to 10; CEF readers colour by it. */
const SEVERITY: Readonly<Record<AuditEvent['outcome'], number>> = {
  success: 2,
  intent: 2,
  failure: 5,
  unknown: 6,
  denied: 7,
};

/**
 * A record as a line of the Common Event Format, version 0. `\` and `|` are escaped in the header,
 * `\`, `=` and line ends in the extension; control characters cannot stand in either and become
 * spaces, so no value begins a field or a line of its own.
 */
export function toCef(record: AuditRecord, productVersion: string): string {
  const header = ['CEF:0', 'Chatelaine', 'Chatelaine', productVersion, record.type, `${record.class} ${record.action}`];
  return `${header.map(escapeHeader).join('|')}|${SEVERITY[record.outcome]}|${extension(record)}`;
}

function extension(record: AuditRecord): string {
  const { actor, object } = record;
  const fields: readonly (readonly [string, string | number | undefined])[] = [
    ['rt', Date.parse(record.time)],
    ['externalId', record.id],
    ['act', record.action],
    ['outcome', record.outcome],
    ['reason', record.error],
    ['suid', actor.sub],
    ['suser', actor.name],
    ['sntdom', actor.iss],
    ['spriv', actor.kind],
    ['src', record.address],
    ['requestClientApplication', record.userAgent],
    ['app', record.door],
    ['cs1Label', object && 'object'],
    ['cs1', object && `${object.kind} ${object.namespace}/${object.name}`],
    ['cs2Label', record.policy && 'policy'],
    ['cs2', record.policy && `${record.policy.version} ${record.policy.ids.join(',')}`.trim()],
    ['cs3Label', record.argumentsDigest && 'argumentsDigest'],
    ['cs3', record.argumentsDigest],
    ['cs4Label', record.requestId && 'requestId'],
    ['cs4', record.requestId],
    ['cs5Label', record.traceId && 'traceId'],
    ['cs5', record.traceId],
    ['cs6Label', record.delegation && 'delegation'],
    ['cs6', record.delegation?.map(({ iss, sub }) => `${sub}@${iss}`).join(' < ')],
    ['cn1Label', 'seq'],
    ['cn1', record.seq],
    ['cn2Label', record.durationMs === undefined ? undefined : 'durationMs'],
    ['cn2', record.durationMs],
    ['deviceExternalId', record.writer],
  ];
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${escapeValue(String(value))}`)
    .join(' ');
}

const CONTROLS = /\p{Cc}/gu;

const escapeHeader = (text: string): string => text.replace(/[\\|]/g, String.raw`\$&`).replace(CONTROLS, ' ');

const escapeValue = (text: string): string =>
  text
    .replace(/[\\=]/g, String.raw`\$&`)
    .replace(/\r\n|[\r\n]/g, String.raw`\n`)
    .replace(CONTROLS, ' ');
