/** A structural OpenAPI v3 schema, as apiextensions.k8s.io/v1 has it. */
import type { ListFacts } from '#contract/kubernetes';
import type { JsonValue } from '#kernel';
import { SchemaFault } from './schema-fault.ts';
import type { ValidationRule } from './validation-rules.ts';

export interface StructuralSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: JsonValue;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly allOf?: readonly { readonly pattern: string }[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly items?: StructuralSchema;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: StructuralSchema;
  readonly 'x-kubernetes-list-type'?: ListFacts['type'];
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** What a field is, and whether it may be left out. */
export interface Field {
  readonly schema: StructuralSchema;
  readonly isRequired: boolean;
}

export function objectOfFields(fields: readonly (readonly [string, Field])[], path: string): StructuralSchema {
  for (const [name, { schema }] of fields)
    if ((schema.description ?? '') === '') throw new SchemaFault(`${path}.${name}`, 'the field has no description');
  const required = fields.filter(([, { isRequired }]) => isRequired).map(([name]) => name);
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
  };
}
