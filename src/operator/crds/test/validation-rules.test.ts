import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import { ruleFaults } from '../../../../test/kubernetes/cel-rules.ts';
import { CHANGES, OBJECTS } from '../../../../test/kubernetes/objects.ts';
import { customResourceDefinition } from '../custom-resource-definition.ts';
import type { StructuralSchema } from '../structural-schema.ts';
import type { ValidationRule } from '../validation-rules.ts';
import { defaulted, valueFaults } from './structural-rules.fixture.ts';

/** What an API server that has the definition says of an object, and of its change. */
function judged(object: JsonObject, before?: JsonObject) {
  const resource = CUSTOM_RESOURCES[object['kind'] as CustomResourceKind];
  const schema = customResourceDefinition(resource).spec.versions[0].schema.openAPIV3Schema;
  const node = schema as unknown as Record<string, unknown>;
  const kept = defaulted(object, node);
  const old = before === undefined ? undefined : defaulted(before, node);
  return { structure: valueFaults(kept, node), rules: ruleFaults(schema, kept, old) };
}

function rulesIn(schema: StructuralSchema): ValidationRule[] {
  const inside = [...Object.values(schema.properties ?? {}), ...(schema.items === undefined ? [] : [schema.items])];
  return [...(schema['x-kubernetes-validations'] ?? []), ...inside.flatMap(rulesIn)];
}

describe('the rules in CEL say what zod says', () => {
  it.each(OBJECTS.filter(({ refused }) => refused === undefined))('of $title: taken', ({ object }) => {
    expect(judged(object)).toStrictEqual({ structure: [], rules: [] });
  });

  it.each(OBJECTS.filter(({ refused }) => refused !== undefined))('of $title: refused', ({ object, refused }) => {
    const { structure, rules } = judged(object);
    if (structure.length > 0) return;
    const fitting = rules.filter(({ at }) => at.startsWith(refused?.at ?? ''));
    expect(fitting.map(({ message }) => message).join('\n'), JSON.stringify(rules)).toContain(refused?.says);
    expect(fitting).not.toStrictEqual([]);
  });

  it('and every one of them refuses something in the table, but those that go with a union', () => {
    const refusing = new Set(
      [...OBJECTS.map(({ object }) => judged(object)), ...CHANGES.map(({ before, after }) => judged(after, before))]
        .flatMap(({ rules }) => rules)
        .map(({ rule }) => rule),
    );
    const idle = Object.values(CUSTOM_RESOURCES)
      .flatMap((resource) => rulesIn(customResourceDefinition(resource).spec.versions[0].schema.openAPIV3Schema))
      .filter(({ rule, reason }) => reason === undefined && !refusing.has(rule))
      .map(({ rule }) => rule);
    expect(idle).toStrictEqual([]);
  });

  it.each(CHANGES)('of a change: $title', ({ before, after, refused }) => {
    const { structure, rules } = judged(after, before);
    expect(structure).toStrictEqual([]);
    expect(rules.map(({ at }) => at)).toStrictEqual(refused === undefined ? [] : [refused.at]);
    expect(rules.map(({ message }) => message).join('')).toContain(refused?.says ?? '');
  });
});
