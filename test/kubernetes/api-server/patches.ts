/** The three patches that are not apply: merge patch, JSON patch, strategic merge patch. */
import { equal, goKind, isObject, type Json, type JsonObject, plain } from './json.ts';
import { Malformed, parseJson } from './decoding.ts';
import { fieldSchema, itemSchema, type Schema } from './schema.ts';
import { badRequest, Refusal } from './statuses.ts';

export const jsonPatchType = 'application/json-patch+json';
export const mergePatchType = 'application/merge-patch+json';
export const strategicPatchType = 'application/strategic-merge-patch+json';
export const applyPatchType = 'application/apply-patch+yaml';

export function patched(object: JsonObject, source: string, contentType: string, schema: Schema): JsonObject {
  const patch = parsePatch(source);
  if (contentType === jsonPatchType) return jsonPatched(object, operationsOf(patch));
  if (!isObject(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`,
    );
  const result = contentType === mergePatchType ? mergePatched(object, patch) : strategic(object, patch, schema);
  return isObject(result) ? result : {};
}

function parsePatch(source: string): Json {
  try {
    return parseJson(source);
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

export function mergePatched(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, one] of Object.entries(patch)) {
    if (one === null || one === undefined) delete result[name];
    else result[name] = mergePatched(result[name], one);
  }
  return result;
}

/** As a merge patch, but lists with a merge key are merged item by item. */
function strategic(target: Json | undefined, patch: Json, schema: Schema | undefined): Json {
  if (Array.isArray(patch) && Array.isArray(target) && schema?.mergeKey !== undefined)
    return mergedList(target, patch, schema);
  if (Array.isArray(patch) && Array.isArray(target) && schema?.['x-kubernetes-list-type'] === 'set')
    return [...new Set([...target, ...patch])];
  if (!isObject(patch)) return patch;
  const base: JsonObject = isObject(target) && patch['$patch'] !== 'replace' ? { ...target } : {};
  for (const [name, one] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (one === null || one === undefined) delete base[name];
    else base[name] = strategic(base[name], one, schema === undefined ? undefined : fieldSchema(schema, name));
  }
  return base;
}

function mergedList(target: Json[], patch: Json[], schema: Schema): Json[] {
  const key = schema.mergeKey ?? '';
  const result = [...target];
  for (const item of patch) {
    const same = (one: Json): boolean => isObject(one) && isObject(item) && equal(one[key], item[key]);
    const at = result.findIndex(same);
    if (isObject(item) && item['$patch'] === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = strategic(result[at], item, itemSchema(schema));
    else result.push(item);
  }
  return result;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly value: Json;
}

function operationsOf(patch: Json): Operation[] {
  if (!Array.isArray(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type []handlers.jsonPatchOp`,
    );
  return patch.filter(isObject).map(({ op, path, from, value }) => ({
    op: plain(op),
    path: plain(path),
    from: plain(from),
    value: value ?? null,
  }));
}

const rejected = (): Refusal =>
  new Refusal(422, 'the server rejected our request due to an error in our request', 'Invalid', {});

const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function jsonPatched(object: JsonObject, operations: readonly Operation[]): JsonObject {
  const document: JsonObject = structuredClone(object);
  for (const { op, path, from, value } of operations) {
    if (op === 'add') place(document, path, value, true);
    else if (op === 'replace') place(document, path, value, false);
    else if (op === 'remove') take(document, path);
    else if (op === 'test') {
      if (!equal(read(document, path) ?? null, value)) throw rejected();
    } else if (op === 'copy') place(document, path, structuredClone(read(document, from) ?? null), true);
    else if (op === 'move') place(document, path, take(document, from), true);
    else throw rejected();
  }
  return document;
}

function read(document: Json, pointer: string): Json | undefined {
  let at: Json | undefined = document;
  for (const step of steps(pointer)) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at)) at = at[step];
    else return undefined;
  }
  return at;
}

function parentOf(document: JsonObject, pointer: string): [Json, string] {
  const cutAt = pointer.lastIndexOf('/');
  const parent = read(document, pointer.slice(0, cutAt));
  if (parent === undefined) throw rejected();
  return [parent, steps(pointer).at(-1) ?? ''];
}

function place(document: JsonObject, pointer: string, value: Json, insert: boolean): void {
  const [parent, last] = parentOf(document, pointer);
  if (Array.isArray(parent)) {
    const at = last === '-' ? parent.length : Number(last);
    if (!(at >= 0 && at <= parent.length)) throw rejected();
    parent.splice(at, insert ? 0 : 1, value);
  } else if (isObject(parent)) {
    if (!insert && parent[last] === undefined) throw rejected();
    parent[last] = value;
  } else throw rejected();
}

function take(document: JsonObject, pointer: string): Json {
  const [parent, last] = parentOf(document, pointer);
  const value = Array.isArray(parent) ? parent[Number(last)] : isObject(parent) ? parent[last] : undefined;
  if (value === undefined) throw rejected();
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return value;
}
