/**
 * Who and what a recorded decision was about, as policies saw them, so that other policies can look again. Of
 * people it keeps no name: what a policy says of names cannot be replayed. Pure.
 */
import { z } from 'zod';
import { entityKey, type Entity } from '../facts/entities.ts';
import type { CedarValue } from '../facts/values.ts';
import type { EntityJson } from '../language/cedar.ts';
import { uidText } from '../language/scope.ts';

const uid = z.strictObject({ type: z.string(), id: z.string() });
const storedEntity = z.strictObject({
  uid,
  attrs: z.record(z.string(), z.unknown()),
  /** What it is in. */
  parents: z.array(uid),
  /** What that is in, where that is anything. */
  above: z.array(z.strictObject({ uid, parents: z.array(uid) })),
});
export type StoredEntity = z.infer<typeof storedEntity>;

const PERSONAL = 'name';

export function toStored({ type, id, entities }: Entity): StoredEntity {
  const [own, ...above] = entities;
  const attrs = Object.fromEntries(
    Object.entries(own?.attrs ?? {}).filter(([name]) => type !== 'User' || name !== PERSONAL),
  );
  const bare = (one: EntityJson['uid']) => one as { type: string; id: string };
  return {
    ...{ uid: { type, id }, attrs, parents: (own?.parents ?? []).map(bare) },
    above: above
      .filter(({ parents }) => parents.length > 0)
      .map((one) => ({ uid: bare(one.uid), parents: one.parents.map(bare) })),
  };
}

/** What is kept of an entity; undefined for what is none. */
export function readStored(text: string): StoredEntity | undefined {
  try {
    return storedEntity.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The entity again, under the key that the record has; undefined for what is none, or is another than it was. */
export function fromStored(text: string, key: string): Entity | undefined {
  const read = readStored(text);
  if (read === undefined) return undefined;
  const { uid: own, attrs, parents, above } = read;
  const parentsOf = new Map(above.map((one) => [uidText(one.uid), one.parents]));
  const entities: EntityJson[] = [
    { uid: own, attrs: attrs as Record<string, CedarValue>, parents },
    ...parents.map((one) => ({ uid: one, attrs: {}, parents: parentsOf.get(uidText(one)) ?? [] })),
  ];
  const ancestors = new Set(parents.map(uidText));
  // Of a person the name is left out, and the digest has it.
  if (own.type !== 'User' && entityKey(own, attrs, ancestors) !== key) return undefined;
  return { ...own, ancestors, attributes: attrs as Record<string, CedarValue>, entities, key };
}

/** The namespace that a tool is in. */
export function namespaceOf({ entities }: Entity): string | undefined {
  const home = entities[0]?.parents
    .map((one) => one as { type: string; id: string })
    .find(({ type }) => type === 'Namespace');
  return home?.id;
}
