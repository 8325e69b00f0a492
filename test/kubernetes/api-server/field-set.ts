/** Sets of field paths: FieldsV1 as a tree, and the algebra ownership needs. */
import { isObject, type JsonObject } from './json.ts';
import { fieldSchema, itemSchema, type Schema, shownKey } from './schema.ts';

export class FieldSet {
  member = false;
  readonly children = new Map<string, FieldSet>();

  static from(json: JsonObject): FieldSet {
    const set = new FieldSet();
    for (const [key, below] of Object.entries(json)) {
      if (key === '.' || !isObject(below)) continue;
      const node = FieldSet.from(below);
      node.member = '.' in below || Object.keys(below).length === 0;
      set.children.set(key, node);
    }
    return set;
  }

  at(key: string): FieldSet {
    const known = this.children.get(key);
    if (known !== undefined) return known;
    const made = new FieldSet();
    this.children.set(key, made);
    return made;
  }

  isEmpty(): boolean {
    return !this.member && [...this.children.values()].every((node) => node.isEmpty());
  }

  toJson(): JsonObject {
    const json: JsonObject = {};
    for (const key of [...this.children.keys()].toSorted()) {
      const node = this.at(key);
      if (node.isEmpty()) continue;
      const below = node.toJson();
      json[key] = node.member && Object.keys(below).length > 0 ? { '.': {}, ...below } : below;
    }
    return json;
  }
}

type Rule = (left: boolean, right: boolean) => boolean;

function combine(left: FieldSet | undefined, right: FieldSet | undefined, rule: Rule): FieldSet {
  const result = new FieldSet();
  result.member = rule(left?.member === true, right?.member === true);
  for (const key of new Set([...(left?.children.keys() ?? []), ...(right?.children.keys() ?? [])])) {
    const node = combine(left?.children.get(key), right?.children.get(key), rule);
    if (!node.isEmpty()) result.children.set(key, node);
  }
  return result;
}

export const union = (...sets: readonly FieldSet[]): FieldSet =>
  sets.reduce((left, right) => combine(left, right, (a, b) => a || b), new FieldSet());
export const difference = (left: FieldSet, right: FieldSet): FieldSet => combine(left, right, (a, b) => a && !b);
export const intersection = (left: FieldSet, right: FieldSet): FieldSet => combine(left, right, (a, b) => a && b);

/** Without these fields of the top and all below them. */
export function without(set: FieldSet, names: readonly string[]): FieldSet {
  const result = union(set);
  for (const name of names) result.children.delete(`f:${name}`);
  return result;
}

/** Declared fields above a member become members too: taking all of a struct takes the struct. */
export function withNamedParents(set: FieldSet, schema: Schema | undefined): FieldSet {
  const result = new FieldSet();
  result.member = set.member;
  for (const [key, node] of set.children) {
    const name = key.startsWith('f:') ? key.slice(2) : undefined;
    const below =
      schema === undefined ? undefined : name === undefined ? itemSchema(schema) : fieldSchema(schema, name);
    const made = withNamedParents(node, below);
    if (name !== undefined && schema?.properties?.[name] !== undefined) made.member = true;
    result.children.set(key, made);
  }
  return result;
}

/** Every member as a path in the words of messages: `.spec.tools[name="a"].access`. */
export function paths(set: FieldSet, above = ''): string[] {
  const found: string[] = [];
  for (const key of [...set.children.keys()].toSorted()) {
    const node = set.at(key);
    const path = above + step(key);
    if (node.member) found.push(path);
    found.push(...paths(node, path));
  }
  return found;
}

function step(key: string): string {
  const rest = key.slice(2);
  if (key.startsWith('f:')) return `.${rest}`;
  return key.startsWith('k:') ? shownKey(JSON.parse(rest) as JsonObject) : `[=${rest}]`;
}
