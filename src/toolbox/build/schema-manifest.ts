import type { JsonObject } from '#kernel';

/** Toolbox's manifest of a schema that nobody wrote as parameters. */
export function manifestOfSchema(schema: JsonObject): JsonObject[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries((schema['properties'] as JsonObject | undefined) ?? {}).map(([name, property]) => {
    const { type, description } = (typeof property === 'object' && !Array.isArray(property) ? property : null) ?? {};
    return {
      name,
      type: type === 'number' ? 'float' : typeof type === 'string' ? type : 'object',
      required: required.includes(name),
      description: typeof description === 'string' ? description : '',
      authServices: [],
    };
  });
}
