/** What a handler returned, as the output of a tool. */
import type { ContentBlock } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { ToolOutput } from '../../tools/tool-type.ts';
import type { ToolResult } from './api.ts';

const RESULT_KEYS: ReadonlySet<string> = new Set(['content', 'structuredContent', 'isError', '_meta']);

/** The output for an answer, or why it is none. */
export function outputOf(answer: unknown): ToolOutput | string {
  if (answer === undefined) return { kind: 'content', content: [] };
  if (isResult(answer)) return ofResult(answer);
  const value = jsonOf(answer);
  return value === undefined ? 'something that is not JSON' : { kind: 'value', value };
}

function isResult(answer: unknown): answer is ToolResult {
  if (!isRecord(answer) || !Object.keys(answer).every((key) => RESULT_KEYS.has(key))) return false;
  return Array.isArray(answer['content']) || isRecord(answer['structuredContent']);
}

function ofResult({ content, structuredContent, isError, _meta }: ToolResult): ToolOutput | string {
  const wrong = content?.findIndex((block) => !isContentBlock(block)) ?? -1;
  if (wrong !== -1) return `\`content[${wrong}]\`, which is no content block of MCP`;
  const structured =
    structuredContent === undefined ? undefined : (jsonOf(structuredContent) as JsonObject | undefined);
  if (structuredContent !== undefined && structured === undefined) return '`structuredContent` that is not JSON';
  return {
    kind: 'content',
    // Clients that do not read structured content get the same as text (MCP, Structured Content).
    content: content ?? [{ type: 'text', text: JSON.stringify(structured) }],
    ...(structured !== undefined && { structuredContent: structured }),
    ...(isError !== undefined && { isError }),
    ..._metaOf(_meta),
  };
}

const _metaOf = (_meta: JsonObject | undefined): { _meta?: JsonObject } => (_meta === undefined ? {} : { _meta });

/** Whether a value has the shape of a content block; a client would stumble over half of one. */
export function isContentBlock(block: unknown): block is ContentBlock {
  if (!isRecord(block)) return false;
  const has = (...fields: readonly string[]): boolean => fields.every((field) => typeof block[field] === 'string');
  switch (block['type']) {
    case 'text':
      return has('text');
    case 'image':
    case 'audio':
      return has('data', 'mimeType');
    case 'resource_link':
      return has('uri', 'name');
    case 'resource': {
      const { resource } = block;
      return isRecord(resource) && typeof resource['uri'] === 'string' && ('text' in resource || 'blob' in resource);
    }
    default:
      return false;
  }
}

const MAX_DEPTH = 500;

/** The value as JSON has it (dates as text, without what JSON leaves out); undefined when it has none. */
function jsonOf(value: unknown): JsonValue | undefined {
  if (isPlainJson(value, 0)) return value;
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Most answers are plain already, and a walk is cheaper than writing and reading them. */
function isPlainJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !('toJSON' in value) && Object.values(value).every((member) => isPlainJson(member, depth + 1));
}
