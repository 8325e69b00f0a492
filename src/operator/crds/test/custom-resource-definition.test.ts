import { describe, expect, it } from 'vitest';
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import { OBJECTS } from '../../../../test/kubernetes/objects.ts';
import { customResourceDefinition } from '../custom-resource-definition.ts';
import type { StructuralSchema } from '../structural-schema.ts';
import { defaulted, leadsTo, structuralFaults, valueFaults } from './structural-rules.fixture.ts';

const RESOURCES = Object.values(CUSTOM_RESOURCES);

const definitionOf = (kind: unknown) => customResourceDefinition(CUSTOM_RESOURCES[kind as CustomResourceKind]);
const wholeOf = (kind: unknown): StructuralSchema => definitionOf(kind).spec.versions[0].schema.openAPIV3Schema;
const asNode = (schema: StructuralSchema) => schema as unknown as Record<string, unknown>;

function* everything(schema: StructuralSchema, path = ''): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* everything(field, `${path}.${name}`);
  if (schema.items !== undefined) yield* everything(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* everything(schema.additionalProperties, `${path}.*`);
}

describe('CustomResourceDefinitions (apiextensions.k8s.io/v1)', () => {
  it.each(RESOURCES)('$kind: the schema is structural, and everything in it has a bound', ({ kind }) => {
    expect(structuralFaults(wholeOf(kind))).toStrictEqual([]);
  });

  it.each(RESOURCES)('$kind: every field below spec and status has a description', ({ kind }) => {
    const silent = [...everything(wholeOf(kind))]
      .filter(([path, { description }]) => !/\[\]$|\.\*$/.test(path) && (description ?? '') === '')
      .map(([path]) => path);
    expect(silent).toStrictEqual(['.apiVersion', '.kind', '.metadata']);
  });

  it.each(RESOURCES)('$kind: columns and scale lead to fields that are there', ({ kind }) => {
    const [{ additionalPrinterColumns: columns, subresources, schema }] = definitionOf(kind).spec.versions;
    const paths = [
      ...columns.map(({ jsonPath }) => jsonPath.replace(/\[.*$/, '')).filter((path) => !path.startsWith('.metadata')),
      ...Object.values(subresources.scale ?? {}),
    ];
    expect(paths.filter((path) => leadsTo(schema.openAPIV3Schema, path) === undefined)).toStrictEqual([]);
    expect(subresources.scale !== undefined).toBe(leadsTo(schema.openAPIV3Schema, '.spec.replicas') !== undefined);
  });

  it('names and short names are of one kind each, and every kind is in the category `chatelaine`', () => {
    const names = RESOURCES.flatMap(({ kind }) => {
      const { plural, singular, shortNames, categories } = definitionOf(kind).spec.names;
      expect(categories).toContain('chatelaine');
      return [plural, singular, ...shortNames];
    });
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(RESOURCES)('$kind: conditions are a map by type, and say of which generation they are', ({ kind }) => {
    const status = wholeOf(kind).properties?.['status'];
    const conditions = status?.properties?.['conditions'];
    expect(conditions?.['x-kubernetes-list-type']).toBe('map');
    expect(conditions?.['x-kubernetes-list-map-keys']).toStrictEqual(['type']);
    expect(conditions?.items?.properties).toHaveProperty('observedGeneration');
    expect(Object.keys(status?.properties ?? {})).toStrictEqual(
      expect.arrayContaining(['observedGeneration', 'phase', 'conditions']),
    );
  });
});

describe('what the API server makes of an object', () => {
  it.each(OBJECTS.filter(({ refused }) => refused === undefined))(
    'defaults are those of the schema, and nothing is refused: $title',
    ({ object }) => {
      const whole = asNode(wholeOf(object['kind']));
      const { schema } = CUSTOM_RESOURCES[object['kind'] as CustomResourceKind];
      const kept = defaulted(object, whole);
      expect(valueFaults(kept, whole)).toStrictEqual([]);
      expect(schema.parse(kept)).toStrictEqual(schema.parse(object));
    },
  );

  it('what zod fills in where there are no types to tell apart stands in the definition already', () => {
    const servers = OBJECTS.filter(({ object, refused }) => object['kind'] === 'MCPServer' && refused === undefined);
    for (const { object } of servers)
      expect(defaulted(object, asNode(wholeOf('MCPServer')))).toStrictEqual(
        CUSTOM_RESOURCES.MCPServer.schema.parse(object),
      );
  });

  it.each(OBJECTS.filter(({ refused }) => refused !== undefined))(
    'the structure refuses it, or a rule with the same words is there: $title',
    ({ object, refused }) => {
      const whole = wholeOf(object['kind']);
      if (valueFaults(defaulted(object, asNode(whole)), asNode(whole)).length > 0) return;
      const said = [...everything(whole)].flatMap(([path, schema]) =>
        (schema['x-kubernetes-validations'] ?? []).map(({ message, messageExpression = '', fieldPath = '' }) => ({
          at: `${path}${fieldPath}`.replace(/^\./, '').replaceAll('[]', ''),
          text: `${message} ${messageExpression}`,
        })),
      );
      const place = refused?.at.replaceAll(/\[\d+\]/g, '') ?? '';
      const words = (refused?.says ?? '').replace(/^\d+ /, '');
      expect(said.filter(({ at, text }) => at.startsWith(place) && text.includes(words))).not.toStrictEqual([]);
    },
  );
});
