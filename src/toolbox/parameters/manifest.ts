/**
 * How MCP Toolbox's REST describes parameters. Its own words for types stay (`float`), but a map is an
 * `object`; values that callers do not pass (copies, secure ones) are left out, authenticated ones name
 * the services that supply them.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import { isRequired } from './json-schema.ts';

/** The entries of `parameters` in the manifest of a tool. */
export function manifestOf(declarations: readonly ParameterDeclaration[]): JsonObject[] {
  return declarations
    .filter((entry) => entry.valueFromParam === undefined && entry.secure !== true)
    .map((entry) => manifestEntry(entry, isRequired(entry)));
}

function manifestEntry(declaration: ParameterDeclaration, required: boolean): JsonObject {
  const { name, type, description, items, valueType, authServices } = declaration;
  return {
    name,
    type: type === 'map' ? 'object' : type,
    required,
    description,
    authServices: (authServices ?? []).map((service) => service.name),
    ...(items !== undefined && { items: manifestEntry(items, required) }),
    ...(declaration.default !== undefined && { default: declaration.default as JsonValue }),
    ...(type === 'map' && { additionalProperties: valueType === undefined ? true : { type: valueType } }),
  };
}
