/** Who set which field: ownership after an update and after an apply (server-side apply's own rules). */
import type { ApiObject, Json, JsonObject, ManagedFieldsEntry } from './json.ts';
import { child, clone, equal, isObject, plain } from './json.ts';
import { difference, FieldSet, intersection, paths, union, withNamedParents, without } from './field-set.ts';
import type { Schema } from './schema.ts';
import { Refusal } from './statuses.ts';
import { compare, cut, type Differences, fieldSet, merge } from './typed-values.ts';

export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly force: boolean;
}

interface Owner {
  readonly entry: ManagedFieldsEntry;
  set: FieldSet;
}

const unowned = ['apiVersion', 'kind'];
const unownedMeta = [
  'name',
  'namespace',
  'creationTimestamp',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

const identity = (entry: { manager?: Json; operation?: Json; apiVersion?: Json; subresource?: Json }): string =>
  [entry.manager, entry.operation, entry.apiVersion, entry.subresource].map(plain).join('\0');

function ownable(set: FieldSet): FieldSet {
  const result = without(set, unowned);
  const metadata = result.children.get('f:metadata');
  if (metadata !== undefined) {
    const kept = without(metadata, unownedMeta);
    kept.member = false;
    result.children.set('f:metadata', kept);
  }
  return result;
}

const readOwners = (entries: readonly ManagedFieldsEntry[]): Map<string, Owner> =>
  new Map(entries.map((entry) => [identity(entry), { entry, set: FieldSet.from(entry.fieldsV1) }]));

const entryOf = ({ manager, operation, apiVersion, subresource, time }: Writer): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion,
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: {},
  ...(subresource === '' ? {} : { subresource }),
});

function writeOwners(owners: Map<string, Owner>, writer: Writer): ManagedFieldsEntry[] {
  const entries = [...owners.values()]
    .filter(({ set }) => !set.isEmpty())
    .map(({ entry, set }) => {
      const fieldsV1 = set.toJson();
      const same = equal(fieldsV1, entry.fieldsV1);
      return {
        ...entry,
        fieldsV1,
        time: same || identity(entry) !== identity({ ...writer }) ? entry.time : writer.time,
      };
    });
  const order = ({ operation, time, manager }: ManagedFieldsEntry): string => [operation, time, manager].join('\0');
  return entries.toSorted((left, right) => (order(left) < order(right) ? -1 : 1));
}

/** Others lose what was changed or removed under them; without force an apply is refused instead. */
function yieldFields(owners: Map<string, Owner>, writer: Writer, { added, modified, removed }: Differences): void {
  const changed = union(added, modified);
  const disputes: [Owner, FieldSet][] = [];
  for (const [key, owner] of owners) {
    if (key === identity({ ...writer })) continue;
    const disputed = intersection(owner.set, changed);
    if (!disputed.isEmpty()) disputes.push([owner, disputed]);
    owner.set = difference(owner.set, removed);
  }
  if (writer.operation === 'Apply' && !writer.force && disputes.length > 0) throw applyConflict(disputes);
  for (const [owner, disputed] of disputes) owner.set = difference(owner.set, disputed);
}

function ownerTitle({ manager, operation, subresource, apiVersion }: ManagedFieldsEntry): string {
  const where = subresource === undefined ? '' : ` with subresource "${subresource}"`;
  return `"${manager}"${where}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

function applyConflict(disputes: readonly [Owner, FieldSet][]): Refusal {
  const parties = disputes
    .map(([{ entry }, set]) => ({ title: ownerTitle(entry), fields: paths(set) }))
    .toSorted((left, right) => (left.title < right.title ? -1 : 1));
  const causes = parties.flatMap(({ title, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${title}`, field })),
  );
  const list =
    causes.length === 1
      ? parties.map(({ title, fields }) => `conflict with ${title}: ${fields.join('')}`).join('')
      : parties
          .map(({ title, fields }) => `conflicts with ${title}:\n${fields.map((field) => `- ${field}`).join('\n')}`)
          .join('\n');
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  return new Refusal(409, `Apply failed with ${count}: ${list}`, 'Conflict', { causes });
}

const isReset = (entries: Json | undefined): boolean =>
  Array.isArray(entries) && entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0;

/** The object with its owners after an update. A single empty entry given by the client clears them all. */
export function afterUpdate(live: JsonObject, object: ApiObject, schema: Schema, writer: Writer): ApiObject {
  const result = clone(object);
  if (isReset(result.metadata.managedFields)) {
    delete result.metadata.managedFields;
    return result;
  }
  const kept = child(live, 'metadata')['managedFields'];
  const sent = result.metadata.managedFields ?? [];
  const owners = readOwners(sent.length > 0 ? sent : Array.isArray(kept) ? (kept as ManagedFieldsEntry[]) : []);
  const found = compare(live, object, schema);
  const differences = {
    added: ownable(found.added),
    modified: ownable(found.modified),
    removed: ownable(found.removed),
  };
  yieldFields(owners, writer, differences);
  const mine = owners.get(identity({ ...writer })) ?? { entry: entryOf(writer), set: new FieldSet() };
  mine.set = union(difference(mine.set, differences.removed), differences.modified, differences.added);
  owners.set(identity({ ...writer }), mine);
  setEntries(result, writeOwners(owners, writer));
  return result;
}

/** The object after an apply: merged, without what the applier alone owned and no longer names. */
export function afterApply(live: ApiObject, applied: JsonObject, schema: Schema, writer: Writer): ApiObject {
  const owners = readOwners(live.metadata.managedFields ?? []);
  const bare = clone(live);
  delete bare.metadata.managedFields;
  const merged = merge(bare, applied, schema);
  const me = identity({ ...writer });
  const last = owners.get(me)?.set;
  const mine: Owner = owners.get(me) ?? { entry: entryOf(writer), set: new FieldSet() };
  mine.set = ownable(fieldSet(applied, schema));
  owners.set(me, mine);
  const result = (last === undefined ? merged : prune(merged, owners, last, schema)) as ApiObject;
  const found = compare(bare, result, schema);
  yieldFields(owners, writer, {
    added: ownable(found.added),
    modified: ownable(found.modified),
    removed: ownable(found.removed),
  });
  setEntries(result, writeOwners(owners, writer));
  return result;
}

function prune(merged: Json, owners: Map<string, Owner>, last: FieldSet, schema: Schema): Json {
  const named = (set: FieldSet): FieldSet => withNamedParents(set, schema);
  const before = named(last);
  // The server's own metadata is nobody's, and stays whatever an applier gives up.
  before.at('f:metadata').member = false;
  const all = named(fieldSet(merged, schema));
  const cutDown = cut(merged, schema, before) ?? {};
  const left = named(fieldSet(cutDown, schema));
  const owned = named(union(...[...owners.values()].map(({ set }) => set)));
  const addedBack = cut(merged, schema, difference(all, union(left, owned))) ?? {};
  const stays = named(fieldSet(addedBack, schema));
  return cut(merged, schema, intersection(difference(all, stays), before)) ?? {};
}

function setEntries(object: ApiObject, entries: ManagedFieldsEntry[]): void {
  if (entries.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
}
