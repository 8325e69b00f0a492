/** `x-kubernetes-validations` of what is said beside a schema. */
import type { StructuralFacts } from '#contract/kubernetes';

export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueRequired' | 'FieldValueForbidden';
}

export function validationRules(facts: StructuralFacts | undefined): ValidationRule[] {
  return [...(facts?.rules ?? []), ...(facts?.transitions ?? [])].map(({ rule, message, field }) => ({
    rule,
    message,
    ...(field !== undefined && { fieldPath: `.${field}` }),
  }));
}

/** A rule that is asked of some types alone. */
export const ofTypes = (discriminator: string, types: readonly string[], rule: ValidationRule): ValidationRule => ({
  ...rule,
  rule: `${notOneOf(discriminator, types)} || (${rule.rule})`,
});

export const oneOf = (discriminator: string, types: readonly string[]): string =>
  types.length === 1 ? `self.${discriminator} == '${types[0]}'` : `self.${discriminator} in [${quoted(types)}]`;

const notOneOf = (discriminator: string, types: readonly string[]): string =>
  types.length === 1 ? `self.${discriminator} != '${types[0]}'` : `!(self.${discriminator} in [${quoted(types)}])`;

const quoted = (types: readonly string[]): string => types.map((type) => `'${type}'`).join(', ');
