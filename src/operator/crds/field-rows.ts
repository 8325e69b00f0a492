/** The fields of a definition, as the reference lists them. */
import type { StructuralSchema } from './structural-schema.ts';
import type { ValidationRule } from './validation-rules.ts';

export interface FieldRow {
  /** `spec.upstreams[].clientSecretRef.name`. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly fallback: string | undefined;
  readonly description: string;
  readonly rules: readonly ValidationRule[];
}

export function fieldRows(schema: StructuralSchema, above: string): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${above}.${name}`;
    const row: FieldRow = {
      path,
      type: typeOf(field),
      isRequired: schema.required?.includes(name) === true,
      fallback: field.default === undefined ? undefined : JSON.stringify(field.default),
      description: field.description ?? '',
      rules: [...(field['x-kubernetes-validations'] ?? []), ...(field.items?.['x-kubernetes-validations'] ?? [])],
    };
    return [row, ...fieldRows(field.items ?? field, field.items === undefined ? path : `${path}[]`)];
  });
}

function typeOf(field: StructuralSchema): string {
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(', ');
  switch (field.type) {
    case 'array':
      return field.items === undefined ? 'list' : `list of ${plural(typeOf(field.items))}`;
    case 'integer':
      return `${field.minimum} to ${field.maximum}`;
    case 'boolean':
      return '`true`, `false`';
    case 'string':
      return 'text';
    case 'object':
      return field.additionalProperties === undefined ? 'mapping' : `mapping to ${typeOf(field.additionalProperties)}`;
    case 'number':
      return 'number';
  }
}

const plural = (type: string): string => (type === 'mapping' ? 'mappings' : type === 'text' ? 'texts' : type);
