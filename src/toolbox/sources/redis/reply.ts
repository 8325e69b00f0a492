import { isUtf8 } from 'node:buffer';
import { isRecord, type JsonValue } from '#kernel';
import { bytesValue, floatValue, integerValue } from '../values.ts';
import type { QueryLimits } from '../source.ts';

/**
 * A reply as JSON. The driver is asked for bytes and for numbers as text, so a string here is a number
 * and a Buffer is what the server keeps: text where it is UTF-8, else base64.
 */
export function replyValue(reply: unknown): JsonValue {
  if (Buffer.isBuffer(reply)) return isUtf8(reply) ? reply.toString('utf8') : bytesValue(reply);
  if (typeof reply === 'string') return /^-?\d+$/.test(reply) ? integerValue(reply) : numberValue(reply);
  if (typeof reply === 'number') return floatValue(reply);
  if (typeof reply === 'bigint') return integerValue(reply.toString());
  if (typeof reply === 'boolean') return reply;
  // An error among the items of a list is the script's, not the call's.
  if (reply instanceof Error) return { error: reply.message };
  if (Array.isArray(reply)) return reply.map(replyValue);
  if (reply instanceof Map || reply instanceof Set) return [...reply].map(replyValue);
  if (isRecord(reply)) {
    return Object.fromEntries(Object.entries(reply).map(([key, value]) => [key, replyValue(value)]));
  }
  return null;
}

function numberValue(text: string): JsonValue {
  const special: Readonly<Record<string, string>> = { inf: 'Infinity', '-inf': '-Infinity', nan: 'NaN' };
  const number = Number(text);
  return special[text] ?? (text.trim() !== '' && Number.isFinite(number) ? number : text);
}

export interface FittedReplies {
  readonly values: readonly JsonValue[];
  /** What was left out, in words for the caller. */
  readonly notice?: string;
}

/**
 * Replies up to `maxRows` items in a list and `maxBytes` of JSON in all. A list is cut; any other
 * reply that does not fit is left out whole.
 */
export function fitReplies(
  replies: readonly JsonValue[],
  limits: Pick<QueryLimits, 'maxRows' | 'maxBytes'>,
): FittedReplies {
  let left = limits.maxBytes - 2;
  let notice: string | undefined;
  const values = replies.map((reply): JsonValue => {
    const listed = Array.isArray(reply) && reply.length > limits.maxRows ? reply.slice(0, limits.maxRows) : reply;
    if (listed !== reply) {
      notice ??= `The answer was cut after ${limits.maxRows} items (maxRows ${limits.maxRows}); there are more. Narrow the question to see the rest.`;
    }
    const bytes = jsonBytes(listed) + 1;
    if (bytes <= left) {
      left -= bytes;
      return listed;
    }
    notice ??= `The answer was cut because it exceeds ${limits.maxBytes} bytes (maxBytes). Narrow the question to see the rest.`;
    const kept = Array.isArray(listed) ? firstItems(listed, left - 3) : null;
    left -= jsonBytes(kept) + 1;
    return kept;
  });
  return notice === undefined ? { values } : { values, notice };
}

function firstItems(items: readonly JsonValue[], bytes: number): JsonValue[] {
  const kept: JsonValue[] = [];
  let left = bytes;
  for (const item of items) {
    left -= jsonBytes(item) + 1;
    if (left < 0) break;
    kept.push(item);
  }
  return kept;
}

const jsonBytes = (value: JsonValue): number => Buffer.byteLength(JSON.stringify(value));
