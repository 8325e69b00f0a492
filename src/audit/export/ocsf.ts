import type { AuditEvent, AuditRecord } from '#contract';

/** The schema version the events name. */
export const OCSF_VERSION = '1.3.0';

/** OCSF class and its category. Where OCSF has no verb of ours, the activity is `Other` with our word. */
const CLASSES: Readonly<
  Record<
    AuditEvent['class'],
    { readonly uid: number; readonly name: string; readonly category: number; readonly categoryName: string }
  >
> = {
  authentication: { uid: 3002, name: 'Authentication', category: 3, categoryName: 'Identity & Access Management' },
  authorization: { uid: 3003, name: 'Authorize Session', category: 3, categoryName: 'Identity & Access Management' },
  credential: { uid: 3004, name: 'Entity Management', category: 3, categoryName: 'Identity & Access Management' },
  administration: { uid: 3004, name: 'Entity Management', category: 3, categoryName: 'Identity & Access Management' },
  'tool-call': { uid: 6003, name: 'API Activity', category: 6, categoryName: 'Application Activity' },
  audit: { uid: 6002, name: 'Application Lifecycle', category: 6, categoryName: 'Application Activity' },
};

const OTHER = 99;

const STATUS: Readonly<Record<AuditEvent['outcome'], { readonly id: number; readonly name: string }>> = {
  success: { id: 1, name: 'Success' },
  failure: { id: 2, name: 'Failure' },
  denied: { id: 2, name: 'Failure' },
  unknown: { id: 0, name: 'Unknown' },
  intent: { id: OTHER, name: 'Intent' },
};

/** Informational, Low, Medium: what an audit log can say of urgency by itself. */
const SEVERITY: Readonly<Record<AuditEvent['outcome'], number>> = {
  success: 1,
  intent: 1,
  failure: 2,
  unknown: 2,
  denied: 3,
};

const USER_TYPES: Readonly<Record<AuditEvent['actor']['kind'], number>> = {
  user: 1,
  agent: OTHER,
  anonymous: 0,
  workload: OTHER,
  system: 3,
};

/**
 * A record as an event of the Open Cybersecurity Schema Framework. Whatever has no place there goes
 * whole into `unmapped`, so nothing is lost on the way; `metadata.uid` is the record's id.
 */
export function toOcsf(record: AuditRecord): Readonly<Record<string, unknown>> {
  const { actor, object, policy, details, delegation } = record;
  const session = actor.sessionId ?? actor.tsid;
  const { uid, name, category, categoryName } = CLASSES[record.class];
  const status = STATUS[record.outcome];
  return withoutAbsent({
    activity_id: OTHER,
    activity_name: record.action,
    category_uid: category,
    category_name: categoryName,
    class_uid: uid,
    class_name: name,
    type_uid: uid * 100 + OTHER,
    type_name: `${name}: Other`,
    time: Date.parse(record.time),
    duration: record.durationMs === undefined ? undefined : Math.round(record.durationMs),
    severity_id: SEVERITY[record.outcome],
    status_id: status.id,
    status: status.name,
    status_code: record.error,
    action_id: record.outcome === 'denied' ? 2 : record.decision === 'permit' ? 1 : undefined,
    metadata: withoutAbsent({
      version: OCSF_VERSION,
      product: { name: 'Chatelaine', vendor_name: 'Chatelaine' },
      uid: record.id,
      event_code: record.type,
      sequence: record.seq,
      log_provider: record.writer,
      correlation_uid: record.requestId,
      trace_uid: record.traceId,
    }),
    actor: withoutAbsent({
      user: withoutAbsent({
        uid: actor.sub,
        name: actor.name,
        type_id: USER_TYPES[actor.kind],
        type: actor.kind,
        domain: actor.iss,
        credential_uid: actor.keyId,
      }),
      session: session === undefined ? undefined : { uid: session },
    }),
    src_endpoint: record.address === undefined ? undefined : { ip: record.address },
    http_request: record.userAgent === undefined ? undefined : { user_agent: record.userAgent },
    resources: object && [
      withoutAbsent({ type: object.kind, namespace: object.namespace, name: object.name, uid: object.id }),
    ],
    policy: policy && { version: policy.version, uid: policy.ids.join(',') },
    unmapped: withoutAbsent({
      v: record.v,
      door: record.door,
      outcome: record.outcome,
      decision: record.decision,
      delegation,
      arguments_digest: record.argumentsDigest,
      policy_ids: policy?.ids,
      duration_ms: record.durationMs,
      certificate_serial: record.certificateSerial,
      details,
      cut: record.cut,
    }),
  });
}

const withoutAbsent = (object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
