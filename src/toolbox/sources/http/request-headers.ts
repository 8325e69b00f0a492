/** Header fields of a request: the source's, the tool's over them, and those a caller may fill. */
import { reveal, Secret } from '#kernel';
import type { SecretValue } from '#contract';
import { ConfigurationFault, type ToolArguments } from '../../tools/tool-type.ts';
import { refused, valueText } from './value-text.ts';

// RFC 9110 §5.6.2.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// The connection and the framing belong to the HTTP client; one that lies about them lets a second
// request hide inside the first (request smuggling).
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
// What a configuration may set and a caller may not: they change who is asked, or how the body is read.
const NOT_FOR_CALLERS: ReadonlySet<string> = new Set(['host', 'content-type', 'content-encoding', 'accept-encoding']);

export type FixedHeaders = Readonly<Record<string, SecretValue>>;

/** The entries of `headers:` that cannot be sent, and why. What the vault holds shows when it is used. */
export function badHeaders(headers: FixedHeaders): readonly { name: string; why: string }[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const why = checkName(name) ?? (value instanceof Secret ? badValue(reveal(value)) : undefined);
    return why === undefined ? [] : [{ name, why }];
  });
}

/** Checks the names of `headerParams:`; throws `ConfigurationFault` below `headerParams`. */
export function checkHeaderParameters(names: readonly string[]): void {
  names.forEach((name, index) => {
    const reserved = NOT_FOR_CALLERS.has(name.toLowerCase());
    const why = reserved ? 'cannot be left to callers; set it under `headers`' : checkName(name);
    if (why !== undefined)
      throw new ConfigurationFault(['headerParams', index, 'name'], `the header \`${name}\` ${why}`);
  });
}

/** Fixed headers by lower-case name, later ones over earlier ones. */
export function mergeHeaders(...sets: readonly FixedHeaders[]): Record<string, SecretValue> {
  const merged: Record<string, SecretValue> = {};
  for (const set of sets) for (const [name, value] of Object.entries(set)) merged[name.toLowerCase()] = value;
  return merged;
}

/**
 * The headers of one request, lower-case. Throws `REQUEST_VALUE_REFUSED` for a value that would end
 * its line: everything after a CR LF would be headers, or a request, of the caller's own.
 */
export function renderHeaders(
  fixed: Readonly<Record<string, Secret>>,
  parameters: readonly string[],
  args: ToolArguments,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(fixed)) headers[name] = reveal(value);
  for (const name of parameters) {
    const text = valueText(name, args[name]);
    if (text === undefined) continue;
    const why = badValue(text);
    if (why !== undefined) throw refused(name, why);
    headers[name.toLowerCase()] = text;
  }
  return headers;
}

function checkName(name: string): string | undefined {
  if (!TOKEN.test(name)) return 'is not a header name';
  return OF_THE_CONNECTION.has(name.toLowerCase()) ? 'belongs to the connection and cannot be set' : undefined;
}

/** Why a text cannot be the value of a header: RFC 9110 §5.5 has visible Latin-1, spaces and tabs. */
export function badValue(text: string): string | undefined {
  return /^[\t\x20-\x7e\xa0-\xff]*$/.test(text)
    ? undefined
    : 'holds a line break, a control character or a letter beyond Latin-1, which a header cannot carry';
}
