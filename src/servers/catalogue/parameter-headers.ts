import { mirroredParameters } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';

/** A field name of HTTP (RFC 9110 §5.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** A number has more than one text, and a header one (MCP 2026-07-28, Custom Headers). */
const PRIMITIVES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/**
 * Why the marks of a schema make no headers; undefined where they do, or there are none. A client has to leave out
 * such a tool: proxies on the way would be told something else than the server.
 */
export function headerFault(schema: JsonObject): string | undefined {
  const marks = mirroredParameters(schema);
  const names = new Set<string>();
  for (const { header, path, schema: parameter } of marks) {
    const where = `\`${path.join('.')}\``;
    if (typeof header !== 'string' || !TOKEN.test(header)) return `\`x-mcp-header\` of ${where} is no name of a header`;
    if (!PRIMITIVES.has(parameter['type'])) return `\`x-mcp-header\` of ${where} is on no text, integer or boolean`;
    const name = header.toLowerCase();
    if (names.has(name)) return `\`x-mcp-header\` \`${header}\` stands twice`;
    names.add(name);
  }
  return countMarks(schema, 0) === marks.length ? undefined : '`x-mcp-header` stands where no argument has a place';
}

/** Members whose value is data, or names properties: what looks like a mark in them is none. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);

function countMarks(value: JsonValue | undefined, depth: number, isNames = false): number {
  if (depth > 200) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMarks(item, depth + 1), 0);
  if (!isRecord(value)) return 0;
  return Object.entries(value).reduce((sum, [key, member]) => {
    if (isNames) return sum + countMarks(member, depth + 1);
    if (key === 'x-mcp-header') return sum + 1;
    if (VALUES.has(key)) return sum;
    return sum + countMarks(member, depth + 1, key === 'properties');
  }, 0);
}
