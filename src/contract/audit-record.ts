import { z } from 'zod';

/**
 * The audit record, version 1: what modules hand to the audit log (`AuditEvent`), what the log makes
 * of it (`AuditRecord`), and the port through which they do so (`AuditTrail`). Names follow OCSF
 * where it has one. Absent is absent: a field is left out, never null.
 *
 * No field holds a secret or the arguments of a call. What must be matched later but not read is a
 * keyed digest (`hs256:<key id>:<digest>`). What is personal of a person (names, address, user agent,
 * `personal`) is stored sealed under that person's key; ids stay, as pseudonyms.
 */

/** The kind of thing that happened; each has its class in OCSF. */
export const AUDIT_CLASSES = [
  'authentication',
  'authorization',
  'tool-call',
  'credential',
  'administration',
  'audit',
] as const;

/** How it ended. `intent` is written before a side effect; `unknown` when nobody can tell any more. */
export const AUDIT_OUTCOMES = ['success', 'failure', 'denied', 'unknown', 'intent'] as const;

/** Through which entrance. `system` is Chatelaine itself. */
export const AUDIT_DOORS = [
  'mcp',
  'rest',
  'api',
  'oauth',
  'internal',
  'console',
  'proxy',
  'stdio',
  'cli',
  'system',
] as const;

/** The longest values a record holds; longer ones are cut where the record is made, and counted in `cut`. */
export const AUDIT_LIMITS = {
  word: 128,
  name: 256,
  subject: 512,
  policies: 16,
  delegation: 16,
  detailKeys: 24,
  detailText: 1024,
  detailItems: 32,
  /** Bytes of `details` as JSON. */
  details: 8192,
  /** Characters of what is sealed of one person. */
  sealed: 20_000,
} as const;

const word = z.string().min(1).max(AUDIT_LIMITS.word);
const name = z.string().max(AUDIT_LIMITS.name);
const subject = z.string().max(AUDIT_LIMITS.subject);
const digest = z.string().regex(/^hs256:[0-9a-f]{8}:[A-Za-z0-9_-]{43}$/);

const detailScalar = z.union([z.string().max(AUDIT_LIMITS.detailText), z.number(), z.boolean()]);
const detailValue = z.union([detailScalar, z.array(detailScalar).max(AUDIT_LIMITS.detailItems).readonly()]);
const details = z.record(z.string().min(1).max(64), detailValue);

const actor = z.strictObject({
  kind: z.enum(['user', 'agent', 'anonymous', 'workload', 'system']),
  iss: subject,
  sub: subject,
  name,
  /** The API key that was used. */
  keyId: word.optional(),
  /** The session of a person, by its public id: what one ends it by. */
  sessionId: word.optional(),
  /** The token session it came through. */
  tsid: word.optional(),
});

/** Of a person (kind `user`), `id` is the subject; who records something before it has an id gives none. */
const object = z.strictObject({ kind: word, namespace: name, name, id: name.optional() });

/** What a module says happened. */
export const auditEvent = z.strictObject({
  class: z.enum(AUDIT_CLASSES),
  /** What happened, from the general to the particular: `tool.call`, `key.revoked`. */
  type: word,
  door: z.enum(AUDIT_DOORS),
  requestId: word.optional(),
  actor,
  /** On whose behalf, nearest actor first (RFC 8693 §4.1). */
  delegation: z
    .array(z.strictObject({ iss: subject, sub: subject }))
    .max(AUDIT_LIMITS.delegation)
    .readonly()
    .optional(),
  /** The verb: `call`, `create`, `revoke`, `sign-in`. */
  action: word,
  object: object.optional(),
  decision: z.enum(['permit', 'forbid']).optional(),
  policy: z
    .strictObject({
      /** The version of the whole policy set that decided. */
      version: word,
      /** The policies that determined it. */
      ids: z.array(name).max(AUDIT_LIMITS.policies).readonly(),
      /** Digests of the caller and of the tool, with everything that policies could have looked at of them. */
      principal: word.optional(),
      resource: word.optional(),
    })
    .optional(),
  /** Keyed digest of the canonical arguments: equal calls can be found, their values not read. */
  argumentsDigest: digest.optional(),
  outcome: z.enum(AUDIT_OUTCOMES),
  /** The catalogued code of the error or the refusal. */
  error: word.optional(),
  durationMs: z.number().nonnegative().optional(),
  /** The caller's address, as the listener saw it. */
  address: word.optional(),
  userAgent: name.optional(),
  traceId: word.optional(),
  /** Serial of the client certificate, hexadecimal. */
  certificateSerial: word.optional(),
  details: details.optional(),
  /**
   * Details that are personal: of the object where that is a person, of the actor where that is one.
   * Where nobody is (a sign-in with a name that nobody has) their keyed digests are recorded instead.
   */
  personal: details.optional(),
});
export type AuditEvent = Readonly<z.input<typeof auditEvent>>;

/** Who does something and how they came in: what all records of one request have in common. */
export type AuditOrigin = Pick<
  AuditEvent,
  'door' | 'actor' | 'delegation' | 'requestId' | 'address' | 'userAgent' | 'traceId' | 'certificateSerial'
>;

/** What is sealed of a person: the text, or why there is none. */
const sealedOf = z.string().min(1).max(AUDIT_LIMITS.sealed);

/** Stands where nothing is sealed: the person was erased before, or this process has no keys of people. */
export const NOT_SEALED = { erased: 'erased', leftOut: 'left-out' } as const;

/** The record as it is hashed, stored and exported. */
export const auditRecord = z.strictObject({
  v: z.literal(1),
  id: z.string().length(26),
  /** The chain it stands in, and its place there, counted from 1. */
  writer: z.string().length(26),
  seq: z.int().positive(),
  /** RFC 3339, UTC, milliseconds. */
  time: z.iso.datetime({ precision: 3 }),
  ...auditEvent.shape,
  /** A person's name is sealed. */
  actor: actor.partial({ name: true }),
  object: object.partial({ name: true }).optional(),
  /** Personal fields of the people it names; opened, they stand where the event had them. */
  sealed: z.strictObject({ actor: sealedOf.optional(), object: sealedOf.optional() }).optional(),
  /** How many values were shortened or left out to keep the record within its limits. */
  cut: z.int().positive().optional(),
});
export type AuditRecord = Readonly<z.infer<typeof auditRecord>>;

/** Where a durable record stands. */
export interface AuditPosition {
  readonly id: string;
  readonly writer: string;
  readonly seq: number;
}

/** Whether the log can be written: while it cannot, everything that must be on record is refused. */
export type AuditStatus = (
  | { readonly available: true }
  | { readonly available: false; readonly since: number; readonly reason: string }
) & {
  /** What of it is not as it was written, as far as that was met; a sentence each. What comes is recorded all the same. */
  readonly damage?: readonly string[];
};

/** What other modules need of the audit log. */
export interface AuditTrail {
  readonly status: AuditStatus;
  /**
   * Resolves when the record is on stable storage: only then may what it records be acknowledged.
   * Rejects with `AUDIT_UNAVAILABLE` or `AUDIT_OVERLOADED`; then nothing was recorded and the
   * operation must be refused. Not inside a database transaction: a person's key may have to be
   * fetched, which reads and writes there.
   */
  append(event: AuditEvent): Promise<AuditPosition>;
  /** The keyed digest of arguments or of any other JSON value. */
  digest(value: unknown): string;
}
