import { z } from 'zod';
import { NOT_SEALED, type AuditRecord } from '#contract';
import type { BuiltRecord, UnplacedRecord } from '../record/build-record.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { subjectOf, type OpenedFields, type SealedFields, type SubjectSealer } from './subject-sealer.ts';

type Details = NonNullable<AuditRecord['details']>;
type Role = 'actor' | 'object';

/** What of a record is one person's, and of whom. */
export interface PersonalPart {
  readonly role: Role;
  readonly subject: string;
  /** Canonical JSON of `PersonalFields`. */
  readonly text: string;
}

/** A record without what is personal, and that apart. */
export interface SplitRecord {
  readonly record: UnplacedRecord;
  readonly parts: readonly PersonalPart[];
}

const personalFields = z.strictObject({
  name: z.string().optional(),
  address: z.string().optional(),
  userAgent: z.string().optional(),
  personal: z.record(z.string(), z.json()).optional(),
});

const NO_PARTS: readonly PersonalPart[] = [];

/** Where a sealed part opens: nowhere but in this record, in this role. */
const placeOf = (record: { readonly id: string }, role: Role): string => `${record.id}/${role}`;

/**
 * Takes out of a record what is personal of the people it names. A person without an id (one that is
 * only being made, a name that somebody tried) has no key: keyed digests take the place of the
 * values, by which they can be found and not read.
 */
export function splitPersonal(built: BuiltRecord, digestOf: (value: unknown) => string): SplitRecord {
  const { actor, object } = built;
  const actorIsPerson = actor.kind === 'user';
  const objectIsPerson = object?.kind === 'user';
  // Most calls are an agent's and name nobody: such a record is not even copied.
  if (!actorIsPerson && !objectIsPerson && built.personal === undefined) return { record: built, parts: NO_PARTS };

  const { personal, ...rest } = built;
  // A copy in the same order: members keep their places, so that it is encoded as it stands.
  const record: { -readonly [Field in keyof UnplacedRecord]: UnplacedRecord[Field] } = { ...rest };
  const parts: PersonalPart[] = [];
  const owner: Role | undefined =
    object?.id !== undefined && objectIsPerson ? 'object' : actorIsPerson ? 'actor' : undefined;
  const part = (role: Role, subject: string, fields: z.input<typeof personalFields>): void => {
    const own = personal !== undefined && owner === role ? { ...fields, personal: { ...personal } } : fields;
    parts.push({ role, subject, text: canonicalJson(own) });
  };

  if (actorIsPerson) {
    part('actor', subjectOf(actor), { name: actor.name, address: record.address, userAgent: record.userAgent });
    record.actor = { ...actor, name: undefined };
    record.address = undefined;
    record.userAgent = undefined;
  }
  if (objectIsPerson && object.id !== undefined) {
    part('object', object.id, { name: object.name });
    record.object = { ...object, name: undefined };
  } else if (objectIsPerson && object.name !== undefined) {
    record.object = { ...object, name: digestOf(object.name) };
  }
  if (personal !== undefined && owner === undefined)
    record.details = { ...record.details, ...digested(personal, digestOf) };
  return { record, parts };
}

const digested = (personal: Details, digestOf: (value: unknown) => string): Details =>
  Object.fromEntries(Object.entries(personal).map(([key, value]) => [key, digestOf(value)]));

/**
 * The record as it is stored. A promise only where a key has to be fetched first. Without a sealer
 * (a process that has no keys of people) what is personal is left out, and the record says so.
 */
export function sealPersonal(
  { record, parts }: SplitRecord,
  sealer: SubjectSealer | undefined,
): UnplacedRecord | Promise<UnplacedRecord> {
  if (parts.length === 0) return record;
  const texts = parts.map(({ role, subject, text }) => sealer?.seal(subject, placeOf(record, role), text));
  return texts.some((text) => text instanceof Promise)
    ? Promise.all(texts.map(async (text) => text)).then((sealed) => withSealed(record, parts, sealed))
    : withSealed(record, parts, texts as readonly (SealedFields | undefined)[]);
}

function withSealed(
  record: UnplacedRecord,
  parts: readonly PersonalPart[],
  texts: readonly (SealedFields | undefined)[],
): UnplacedRecord {
  const sealed: { [role in Role]?: string } = {};
  for (const [at, { role }] of parts.entries()) {
    const text = texts[at];
    sealed[role] = text === undefined ? NOT_SEALED.leftOut : text === 'erased' ? NOT_SEALED.erased : text.sealed;
  }
  return { ...record, sealed };
}

/**
 * The record for those who may know: personal fields stand where the event had them. What cannot be
 * read any more stays in `sealed`, as `erased`, `altered` (not what was sealed there) or `left-out`,
 * and where `only` names subjects, what is of others as `withheld`.
 * Rejects as the sealer does. The result is for reading; the stored form alone verifies.
 */
export async function openPersonal(
  record: AuditRecord,
  sealer: SubjectSealer | undefined,
  only?: ReadonlySet<string>,
): Promise<AuditRecord> {
  if (record.sealed === undefined) return record;
  const opened: { -readonly [Field in keyof AuditRecord]: AuditRecord[Field] } = { ...record };
  const left: { [role in Role]?: string } = {};
  for (const role of ['actor', 'object'] as const) {
    const text = record.sealed[role];
    if (text === undefined) continue;
    const fields = await openPart(record, role, text, { sealer, only });
    if (typeof fields === 'string') left[role] = fields;
    else put(opened, role, fields);
  }
  delete opened.sealed;
  return Object.keys(left).length === 0 ? opened : { ...opened, sealed: left };
}

async function openPart(
  record: AuditRecord,
  role: Role,
  text: string,
  { sealer, only }: { readonly sealer: SubjectSealer | undefined; readonly only: ReadonlySet<string> | undefined },
): Promise<z.infer<typeof personalFields> | string> {
  if (text === NOT_SEALED.erased || text === NOT_SEALED.leftOut) return text;
  if (sealer === undefined) return NOT_SEALED.leftOut;
  const subject = role === 'actor' ? subjectOf(record.actor) : record.object?.id;
  if (subject === undefined) return 'altered';
  if (only && !only.has(subject)) return 'withheld';
  return fieldsOf(await sealer.open(subject, placeOf(record, role), text));
}

function fieldsOf(opened: OpenedFields): z.infer<typeof personalFields> | string {
  if (typeof opened === 'string') return opened;
  const fields = personalFields.safeParse(JSON.parse(opened.text));
  return fields.success ? fields.data : 'altered';
}

function put(
  record: { -readonly [Field in keyof AuditRecord]: AuditRecord[Field] },
  role: Role,
  { name, address, userAgent, personal }: z.infer<typeof personalFields>,
): void {
  if (role === 'object' && record.object) record.object = { ...record.object, ...(name !== undefined && { name }) };
  if (role === 'actor') {
    record.actor = { ...record.actor, ...(name !== undefined && { name }) };
    if (address !== undefined) record.address = address;
    if (userAgent !== undefined) record.userAgent = userAgent;
  }
  if (personal !== undefined) record.personal = personal as Details;
}
