/**
 * operator/crds: CustomResourceDefinitions (apiextensions.k8s.io/v1) of the kinds in `contract/kubernetes/`. Pure.
 *
 * `from-zod.ts` makes a structural OpenAPI v3 schema (`structural-schema.ts`) of a zod schema, `flat-union.ts` one object of a union by
 * `type`, `validation-rules.ts` the CEL, and `custom-resource-definition.ts` all of a definition. What the API server
 * could not enforce is a fault of the schema, and stops the generator: a text, list or mapping without a bound, a
 * pattern that Go does not read, a transform, a field without a description.
 */
export { customResourceDefinition, type CustomResourceDefinition } from './custom-resource-definition.ts';
export { structuralSchema } from './from-zod.ts';
export type { StructuralSchema } from './structural-schema.ts';
export type { ValidationRule } from './validation-rules.ts';
export { fieldRows, type FieldRow } from './field-rows.ts';
