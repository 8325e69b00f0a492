/** Values read through their schema: which fields they set, how two differ, how one is merged or cut. */
import { equal, isObject, type Json, type JsonObject } from './json.ts';
import { FieldSet } from './field-set.ts';
import { fieldSchema, itemKey, itemSchema, type Schema, shapeOf } from './schema.ts';

const deduced: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const below = (schema: Schema, name: string): Schema => fieldSchema(schema, name) ?? deduced;

const itemPath = (schema: Schema, item: Json): string => `k:${JSON.stringify(itemKey(schema, item))}`;
const valuePath = (item: Json): string => `v:${JSON.stringify(item)}`;

export interface Differences {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Every field the value sets; of containers only items of lists and what is empty. */
export function fieldSet(value: Json, schema: Schema, set = new FieldSet()): FieldSet {
  const shape = shapeOf(schema, value);
  if (shape === 'struct' && isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) set.member = true;
    for (const [name, one] of entries) if (one !== undefined) fieldSet(one, below(schema, name), set.at(`f:${name}`));
  } else if (shape === 'list' && Array.isArray(value)) {
    if (value.length === 0) set.member = true;
    for (const item of value) {
      const node = set.at(itemPath(schema, item));
      fieldSet(item, itemSchema(schema), node);
      node.member = true;
    }
  } else if (shape === 'set' && Array.isArray(value)) {
    if (value.length === 0) set.member = true;
    for (const item of value) set.at(valuePath(item)).member = true;
  } else set.member = true;
  return set;
}

/** Each container that appears or goes counts itself, beside what is in it. */
function whole(value: Json, schema: Schema, set: FieldSet): void {
  set.member = true;
  const shape = shapeOf(schema, value);
  if (shape === 'struct' && isObject(value)) {
    for (const [name, one] of Object.entries(value))
      if (one !== undefined) whole(one, below(schema, name), set.at(`f:${name}`));
  } else if (shape === 'list' && Array.isArray(value)) {
    for (const item of value) whole(item, itemSchema(schema), set.at(itemPath(schema, item)));
  } else if (shape === 'set' && Array.isArray(value)) {
    for (const item of value) set.at(valuePath(item)).member = true;
  }
}

const indexed = (value: Json[], key: (item: Json) => string): Map<string, Json> =>
  new Map(value.map((item) => [key(item), item]));

export function compare(before: JsonObject, after: JsonObject, schema: Schema): Differences {
  const found: Differences = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  walk(before, after, schema, found);
  return found;
}

function walk(before: Json | undefined, after: Json | undefined, schema: Schema, into: Differences): void {
  if (before === undefined && after === undefined) return;
  if (before === undefined) {
    if (after !== undefined && after !== null) whole(after, schema, into.added);
    return;
  }
  if (after === undefined || after === null) {
    if (before !== null) whole(before, schema, into.removed);
    return;
  }
  if (before === null) {
    // Null is a container that is there already: only what comes into it is new.
    whole(after, schema, into.added);
    into.added.member = shapeOf(schema, after) === 'leaf';
    return;
  }
  const shape = shapeOf(schema, before);
  if (shape === 'struct' && isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      walk(before[name], after[name], below(schema, name), branch(into, `f:${name}`));
  } else if ((shape === 'list' || shape === 'set') && Array.isArray(before) && Array.isArray(after)) {
    const key = (item: Json): string => (shape === 'list' ? itemPath(schema, item) : valuePath(item));
    const [old, now] = [indexed(before, key), indexed(after, key)];
    for (const path of new Set([...old.keys(), ...now.keys()]))
      walk(old.get(path), now.get(path), itemSchema(schema), branch(into, path));
  } else if (!equal(before, after)) into.modified.member = true;
}

const branch = ({ added, modified, removed }: Differences, key: string): Differences => ({
  added: added.at(key),
  modified: modified.at(key),
  removed: removed.at(key),
});

/** What is applied laid over what is there: the applied wins, items of others stay. */
export function merge(live: Json | undefined, applied: Json, schema: Schema): Json {
  const shape = shapeOf(schema, applied);
  if (shape === 'struct' && isObject(applied) && isObject(live)) {
    const result: JsonObject = { ...live };
    for (const [name, one] of Object.entries(applied))
      if (one !== undefined) result[name] = merge(live[name], one, below(schema, name));
    return result;
  }
  if ((shape === 'list' || shape === 'set') && Array.isArray(applied) && Array.isArray(live)) {
    const key = (item: Json): string => (shape === 'list' ? itemPath(schema, item) : valuePath(item));
    const result = indexed(live, key);
    for (const item of applied) result.set(key(item), merge(result.get(key(item)), item, itemSchema(schema)));
    return [...result.values()];
  }
  return applied;
}

/** The value without the members of the set; a container left empty by that goes too. */
export function cut(value: Json, schema: Schema, set: FieldSet): Json | undefined {
  const shape = shapeOf(schema, value);
  if (shape === 'struct' && isObject(value)) {
    const result: JsonObject = {};
    for (const [name, one] of Object.entries(value)) {
      const node = set.children.get(`f:${name}`);
      if (one === undefined || node?.member === true) continue;
      const kept = node === undefined ? one : cut(one, below(schema, name), node);
      if (kept !== undefined) result[name] = kept;
    }
    return Object.keys(result).length === 0 && Object.keys(value).length > 0 ? undefined : result;
  }
  if ((shape === 'list' || shape === 'set') && Array.isArray(value)) {
    const kept = value.flatMap((item): Json[] => {
      const node = set.children.get(shape === 'list' ? itemPath(schema, item) : valuePath(item));
      if (node?.member === true) return [];
      const left = node === undefined ? item : cut(item, itemSchema(schema), node);
      return left === undefined ? [] : [left];
    });
    return kept.length === 0 && value.length > 0 ? undefined : kept;
  }
  return value;
}
