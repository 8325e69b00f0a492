/** Bodies as text to JSON, refused in the words of the server's decoders. */
import { parse as parseYaml } from 'yaml';
import { goKind, isObject, type Json, type JsonObject, plain } from './json.ts';
import { fieldSchema, itemSchema, type Schema } from './schema.ts';
import { Refusal } from './statuses.ts';

export const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;

export class Malformed extends Error {}

export function parseJson(source: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch {
    throw new Malformed(goSyntaxFault(source));
  }
}

/** JSON.parse says where it stopped; Go says what it met there. */
function goSyntaxFault(source: string): string {
  for (let end = source.length; end > 0; end--) {
    const rest = source.slice(0, end).trim();
    if (rest !== '') break;
  }
  const first = source.trim()[0];
  if (first === undefined || '{["-0123456789tfn'.includes(first)) return 'unexpected end of JSON input';
  return `invalid character '${first}' looking for beginning of value`;
}

export function parseBody(source: string, contentType: string): Json {
  if (contentType !== 'application/yaml' && contentType !== 'application/apply-patch+yaml') return parseJson(source);
  try {
    return parseYaml(source) as Json;
  } catch (error) {
    throw new Malformed(`error converting YAML to JSON: yaml: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Keys a JSON text says twice in one object, as paths; the last value wins. */
export function duplicateKeys(source: string): string[] {
  const found: string[] = [];
  const stack: { readonly path: string; readonly seen: Set<string>; index: number; key: string | undefined }[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
  let expectKey = false;
  for (const [one] of source.matchAll(token)) {
    const top = stack.at(-1);
    if (one === '{' || one === '[') {
      const here =
        top === undefined ? '' : top.key === undefined ? `${top.path}[${top.index}]` : join(top.path, top.key);
      stack.push({ path: here, seen: new Set(), index: 0, key: one === '{' ? '' : undefined });
      expectKey = one === '{';
    } else if (one === '}' || one === ']') {
      stack.pop();
      expectKey = false;
    } else if (one === ',' && top !== undefined) {
      if (top.key === undefined) top.index++;
      else expectKey = true;
    } else if (expectKey && top !== undefined && one.startsWith('"')) {
      const key = JSON.parse(one) as string;
      if (top.seen.has(key)) found.push(join(top.path, key));
      top.seen.add(key);
      top.key = key;
      expectKey = false;
    }
  }
  return found;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

const goTypes: Readonly<Record<string, string>> = { string: 'string', integer: 'int32', boolean: 'bool' };

/** A built-in type's fields are Go's: a value of another type does not decode. */
export function goTypeFault(value: Json, schema: Schema, kind: string, path = ''): string | undefined {
  if (value === null) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true) return quantityFault(value, schema);
  if (schema.type !== undefined && !fits(value, schema.type)) {
    const field = path.replace(/\[\d+\]/g, '');
    return `json: cannot unmarshal ${goKind(value)} into Go struct field ${kind}.${field} of type ${goTypes[schema.type] ?? schema.type}`;
  }
  if (schema.format === 'byte' && typeof value === 'string') return base64Fault(value);
  if (schema.format === 'micro-time' && typeof value === 'string') return microTimeFault(value);
  if (Array.isArray(value)) return first(value, (item) => goTypeFault(item, itemSchema(schema), kind, path));
  if (!isObject(value)) return undefined;
  const declared = schema.properties !== undefined;
  return first(Object.entries(value), ([name, one]) => {
    const below = fieldSchema(schema, name);
    return below === undefined || one === undefined
      ? undefined
      : goTypeFault(one, below, kind, declared ? join(path, name) : path);
  });
}

function first<T>(all: readonly T[], find: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function fits(value: Json, type: string): boolean {
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  return typeof value === type;
}

function base64Fault(value: string): string | undefined {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return undefined;
  return `illegal base64 data at input byte ${Math.max(0, value.search(/[^A-Za-z0-9+/=]/))}`;
}

function quantityFault(value: Json, { format }: Schema): string | undefined {
  if (format !== 'quantity' || /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/.test(plain(value))) return undefined;
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

function microTimeFault(value: string): string | undefined {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined;
  const rest = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.*)$/.exec(value)?.[1] ?? value;
  return `parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${rest}" as ".000000"`;
}

/** A refused create or update; a refused patch shows the patched object as well. */
export const patchRefusal = (shown: string, why: string): Refusal => {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new Refusal(422, ` "" is invalid: patch: ${message}`, 'Invalid', {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
};

export const asObject = (value: Json): JsonObject => (isObject(value) ? value : {});
