import { AUDIT_LIMITS as LIMITS, type AuditEvent, type AuditRecord } from '#contract';
import { byCodeUnits, inOrder } from './canonical-json.ts';

/** A record that has no place in a chain yet. */
export type UnplacedRecord = Omit<AuditRecord, 'seq' | 'personal'>;

/** The same with everything readable: what is personal has yet to be sealed, and has its place. */
export type BuiltRecord = Omit<AuditRecord, 'seq' | 'sealed'> & { readonly sealed?: undefined };

/**
 * Makes the record of an event: bounded, well-formed, and the log's own. What a caller may choose
 * freely (names, user agents) can be any length and any text; recording it must neither fail, or a
 * caller could keep himself off the record, nor let him write lines of his own. Too long is cut, and
 * `cut` counts how often. What was cut ends in `…`.
 */
export function buildRecord(event: AuditEvent, place: { id: string; writer: string; time: string }): BuiltRecord {
  const bounds = new Bounds();
  const { actor, object, policy } = event;
  const word = LIMITS.word;
  // Members stand in canonical order wherever that reads well: then nothing has to be sorted.
  const record: { -readonly [Field in keyof BuiltRecord]: BuiltRecord[Field] } = {
    action: bounds.text(event.action, word),
    actor: {
      iss: bounds.text(actor.iss, LIMITS.subject),
      keyId: bounds.optional(actor.keyId, word),
      kind: actor.kind,
      name: bounds.text(actor.name, LIMITS.name),
      sessionId: bounds.optional(actor.sessionId, word),
      sub: bounds.text(actor.sub, LIMITS.subject),
      tsid: bounds.optional(actor.tsid, word),
    },
    address: bounds.optional(event.address, word),
    argumentsDigest: event.argumentsDigest,
    certificateSerial: bounds.optional(event.certificateSerial, word),
    class: event.class,
    decision: event.decision,
    delegation:
      event.delegation &&
      bounds.list(event.delegation, LIMITS.delegation, ({ iss, sub }) => ({
        iss: bounds.text(iss, LIMITS.subject),
        sub: bounds.text(sub, LIMITS.subject),
      })),
    details: event.details && boundDetails(event.details, bounds),
    door: event.door,
    durationMs: event.durationMs,
    error: bounds.optional(event.error, word),
    id: place.id,
    object: object && {
      id: bounds.optional(object.id, LIMITS.name),
      kind: bounds.text(object.kind, word),
      name: bounds.text(object.name, LIMITS.name),
      namespace: bounds.text(object.namespace, LIMITS.name),
    },
    outcome: event.outcome,
    personal: event.personal && boundDetails(event.personal, bounds),
    policy: policy && {
      ids: bounds.list(policy.ids, LIMITS.policies, (id) => bounds.text(id, LIMITS.name)),
      principal: bounds.optional(policy.principal, word),
      resource: bounds.optional(policy.resource, word),
      version: bounds.text(policy.version, word),
    },
    requestId: bounds.optional(event.requestId, word),
    sealed: undefined,
    time: place.time,
    traceId: bounds.optional(event.traceId, word),
    type: bounds.text(event.type, word),
    userAgent: bounds.optional(event.userAgent, LIMITS.name),
    v: 1,
    writer: place.writer,
  };
  if (bounds.cut > 0) record.cut = bounds.cut;
  return record;
}

// JSON escapes the controls below U+0020. Those above it, and the two separators, some readers and
// terminals obey as well: nobody ends a line or moves a cursor in the view of a log with a name.
const OBEYED = /[\u007f-\u009f\u2028\u2029]/g;
// Surrogates, which may be halves, and the above: those need a closer look.
const UNUSUAL = /[\u007f-\u009f\u2028\u2029\ud800-\udfff]/;

class Bounds {
  cut = 0;

  text(value: string, limit: number): string {
    let text = value;
    if (text.length > limit) {
      this.cut++;
      text = `${text.slice(0, limit - 1)}…`;
    }
    if (!UNUSUAL.test(text)) return text;
    const cleaned = text.replace(OBEYED, '\ufffd').toWellFormed();
    if (cleaned !== text && text.length === value.length) this.cut++;
    return cleaned;
  }

  optional(value: string | undefined, limit: number): string | undefined {
    return value === undefined ? undefined : this.text(value, limit);
  }

  list<Item, Bounded>(items: readonly Item[], limit: number, bound: (item: Item) => Bounded): Bounded[] {
    if (items.length > limit) this.cut += items.length - limit;
    return items.slice(0, limit).map(bound);
  }
}

type Details = NonNullable<AuditRecord['details']>;

function boundDetails(details: Details, bounds: Bounds): Details {
  const keys = Object.keys(details);
  const bounded: Record<string, Details[string]> = {};
  if (keys.length > LIMITS.detailKeys) bounds.cut += keys.length - LIMITS.detailKeys;
  const kept = keys.length > LIMITS.detailKeys ? keys.slice(0, LIMITS.detailKeys) : keys;
  // As the canonical text has them: what stands so is not sorted each time that it is written.
  if (!inOrder(kept)) kept.sort(byCodeUnits);
  for (const key of kept) {
    const value = details[key] as Details[string];
    bounded[boundKey(key, bounds)] =
      typeof value === 'object'
        ? bounds.list(value, LIMITS.detailItems, (item) => boundScalar(item, bounds))
        : boundScalar(value, bounds);
  }
  // The sum of what is allowed one by one can still be large. As many bytes as the canonical text has.
  if (Buffer.byteLength(JSON.stringify(bounded)) <= LIMITS.details) return bounded;
  bounds.cut += Object.keys(bounded).length;
  return {};
}

function boundScalar<Value extends string | number | boolean>(value: Value, bounds: Bounds): Value | string {
  return typeof value === 'string' ? bounds.text(value, LIMITS.detailText) : value;
}

/** Parsers lose a member named `__proto__`, and with it the record's hash. */
function boundKey(key: string, bounds: Bounds): string {
  if (key !== '__proto__') return bounds.text(key, 64);
  bounds.cut++;
  return '[__proto__]';
}
