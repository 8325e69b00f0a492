/** Documents of a configuration as the text of a file. Whatever a value holds, it is data there. */
import type { JsonValue } from '#kernel';

/** A value that the process takes of its environment: what differs from pod to pod. */
export class EnvironmentReference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type DocumentValue =
  | JsonValue
  | EnvironmentReference
  | undefined
  | readonly DocumentValue[]
  | { readonly [field: string]: DocumentValue };

export interface ConfigurationDocument {
  readonly kind: string;
  readonly [field: string]: DocumentValue;
}

/** A variable that no pod has: the guard of pod templates refuses names that begin so. */
const DOLLAR = '${CHATELAINE_NO_VARIABLE:$}{';

/** `${` begins a reference to the environment, in keys an error: in a value it is written as the reference to a dollar. */
const plain = (text: string): string => text.replaceAll('${', DOLLAR);

/** JSON is YAML: a document a line, in ASCII, since YAML takes fewer characters as they are than JSON does. */
export const configurationText = (documents: readonly ConfigurationDocument[]): string =>
  documents.map((one) => `${ascii(JSON.stringify(written(one)))}\n`).join('---\n');

const ascii = (json: string): string =>
  json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

function written(value: DocumentValue): JsonValue | undefined {
  if (value instanceof EnvironmentReference) return `\${${value.name}}`;
  if (typeof value === 'string') return plain(value);
  if (Array.isArray(value)) return value.map((one: DocumentValue) => written(one) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const fields: Record<string, JsonValue> = {};
  for (const [name, field] of Object.entries(value)) {
    const inner = written(field);
    if (inner !== undefined) Object.defineProperty(fields, name, { value: inner, enumerable: true });
  }
  return fields;
}
