import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldsAt, KINDS, kindNamed, parameterSchema, unwrap } from '#contract';

const schemas: [string, z.core.$ZodType][] = Object.entries(KINDS).flatMap(
  ([kind, { schema }]): [string, z.core.$ZodType][] => {
    if (schema.of === 'kind') return [[kind, schema.schema]];
    if (schema.of === 'catalog') return [[kind, schema.common]];
    return Object.entries(schema.types).map(([type, one]) => [`${kind} ${type}`, one]);
  },
);

describe('the kinds of documents', () => {
  it.each(schemas)('%s describes every field, for the reference', (_, schema) => {
    const silent = unwrap(schema).flatMap((object) =>
      object instanceof z.core.$ZodObject
        ? Object.entries(object._zod.def.shape).filter(
            ([name, field]) => name !== 'kind' && name !== 'type' && !z.globalRegistry.get(field)?.description,
          )
        : [],
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });

  it.each(schemas)('%s accepts no field that it does not know', (_, schema) => {
    const result = z.safeParse(schema, { surprise: 1 });
    expect(result.error?.issues).toContainEqual(
      expect.objectContaining({ code: 'unrecognized_keys', keys: ['surprise'] }),
    );
  });

  it('are found by their name and by the plural of old, and by nothing else', () => {
    expect(kindNamed('tool')).toBe('tool');
    expect(kindNamed('authServices')).toBe('authService');
    expect(kindNamed('constructor')).toBeUndefined();
    expect(kindNamed('Tool')).toBeUndefined();
  });
});

describe('the fields at a path of a schema', () => {
  const schema = z.strictObject({
    a: z.array(z.strictObject({ b: z.string() })).optional(),
    c: z.union([z.literal(false), z.strictObject({ d: z.string() }).superRefine(() => undefined)]).prefault(false),
    e: z.record(z.string(), z.strictObject({ f: z.lazy(() => z.strictObject({ g: z.string() })) })),
    parameters: z.array(parameterSchema).default([]),
  });

  it.each<[path: (string | number)[], fields: string[]]>([
    [[], ['a', 'c', 'e', 'parameters']],
    [['a', 3], ['b']],
    [['c'], ['d']],
    [['e', 'x', 'f'], ['g']],
    [['nowhere', 'at', 'all'], []],
    [['a', 0, 'b', 'c'], []],
  ])('%j', (path, fields) => {
    expect(fieldsAt(schema, path)).toEqual(fields);
  });

  it('are found behind refinements, transforms and recursion', () => {
    expect(fieldsAt(schema, ['parameters', 0, 'items', 'items'])).toContain('allowedValues');
  });
});
