/**
 * Parameters that a tool's schema marks with `x-mcp-header`: clients of the stateless era repeat them in
 * `Mcp-Param-*` headers, for proxies that route without reading bodies (MCP 2026-07-28, Custom Headers).
 */
import { isRecord, type JsonObject, type JsonValue } from '#kernel';

export interface MirroredParameter {
  /** What stands after `Mcp-Param-`, as the schema has it. */
  readonly header: JsonValue;
  readonly path: readonly string[];
  /** The schema of the parameter. */
  readonly schema: JsonObject;
}

/** Marks count where a chain of `properties` leads to them, nowhere else. */
export function mirroredParameters(schema: JsonObject, path: readonly string[] = []): readonly MirroredParameter[] {
  const { properties } = schema;
  if (!isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([key, property]): readonly MirroredParameter[] => {
    if (!isRecord(property)) return [];
    const at = [...path, key];
    const header = property['x-mcp-header'];
    const here = header === undefined ? [] : [{ header, path: at, schema: property }];
    return [...here, ...mirroredParameters(property, at)];
  });
}

/** The value at the end of a path; undefined where there is none. */
export const valueAtPath = (args: JsonObject, path: readonly string[]): JsonValue | undefined =>
  path.reduce<JsonValue | undefined>((at, key) => (isRecord(at) ? at[key] : undefined), args);
