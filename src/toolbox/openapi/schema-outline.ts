/**
 * The members of an object schema in one sentence, for a description: a `map` declaration cannot hold
 * them, and a model that does not know them can only guess.
 */
import { isRecord } from '#kernel';
import { type ApiDocument, type Node } from './api-document.ts';

const MAX_DEPTH = 3;
const MAX_LENGTH = 800;

/** "Members: `name` (string, required), `size` {`w` (number), `h` (number)}." Undefined when none are named. */
export function outlineOf(api: ApiDocument, schema: Node): string | undefined {
  const members = membersOf(api, schema, 0);
  if (members === undefined) return undefined;
  const outline = `Members: ${members}.`;
  return outline.length <= MAX_LENGTH ? outline : `${outline.slice(0, MAX_LENGTH)}…`;
}

function membersOf(api: ApiDocument, schema: Node, depth: number): string | undefined {
  const properties = Object.entries(isRecord(schema['properties']) ? schema['properties'] : {});
  if (properties.length === 0 || depth >= MAX_DEPTH) return undefined;
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  return properties
    .map(
      ([name, property]) => `\`${name}\` ${typeText(api, api.resolve(property) ?? {}, depth, required.includes(name))}`,
    )
    .join(', ');
}

function typeText(api: ApiDocument, schema: Node, depth: number, required: boolean): string {
  const members = membersOf(api, schema, depth + 1);
  if (members !== undefined) return `{${members}}`;
  const { type, enum: values } = schema;
  const items = type === 'array' ? api.resolve(schema['items']) : undefined;
  const name = Array.isArray(values)
    ? (values as unknown[]).map((value) => JSON.stringify(value)).join(' | ')
    : items !== undefined
      ? `list of ${typeText(api, items, depth, false).replace(/^\((.*)\)$/, '$1')}`
      : typeof type === 'string'
        ? type
        : 'any';
  return `(${name}${required ? ', required' : ''})`;
}
