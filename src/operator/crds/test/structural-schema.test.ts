import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { structural } from '#contract/kubernetes';
import { structuralSchema } from '../from-zod.ts';

const text = z.string().max(10);

describe('a structural schema', () => {
  it('has the bounds, patterns and enums of zod', () => {
    const schema = z.strictObject({
      name: text.min(1).regex(/^a\/b/).regex(/c$/).describe('A name.'),
      size: z.int().positive().max(9).describe('A size.'),
      way: z.enum(['one', 'two']).default('two').describe('A way.'),
    });
    expect(structuralSchema(schema)).toStrictEqual({
      type: 'object',
      required: ['name', 'size'],
      properties: {
        name: {
          ...{ type: 'string', minLength: 1, maxLength: 10, pattern: '^a/b', allOf: [{ pattern: 'c$' }] },
          description: 'A name.',
        },
        size: { type: 'integer', format: 'int32', minimum: 1, maximum: 9, description: 'A size.' },
        way: { type: 'string', enum: ['one', 'two'], default: 'two', description: 'A way.' },
      },
    });
  });

  it('has in a default what stands inside it by default: rules are asked of it as it is', () => {
    const schema = z.strictObject({ a: text.default('b').describe('A.'), c: text.optional().describe('C.') });
    const outer = z.strictObject({ inner: schema.prefault({ c: 'd' }).describe('Inside.') });
    expect(structuralSchema(outer).properties?.['inner']?.default).toStrictEqual({ a: 'b', c: 'd' });
  });

  it.each([
    ['a text without a bound', z.strictObject({ a: z.string().describe('A.') }), 'has no `max`'],
    ['a number without bounds', z.strictObject({ a: z.int().describe('A.') }), 'has no bounds'],
    ['a list without a bound', z.strictObject({ a: z.array(text).describe('A.') }), 'has no `max`'],
    ['a list that does not say how it is merged', z.strictObject({ a: z.array(text).max(2).describe('A.') }), 'apart'],
    ['a mapping without a bound', z.strictObject({ a: z.record(text, text).describe('A.') }), 'has no bound'],
    ['a field without a description', z.strictObject({ a: text }), 'no description'],
    ['a transform', z.strictObject({ a: text.transform(Number).describe('A.') }), 'no structural schema'],
    ['a pattern that looks ahead', z.strictObject({ a: text.regex(/^(?!b)/).describe('A.') }), 'looks ahead'],
    ['a pattern with flags', z.strictObject({ a: text.regex(/^a$/i).describe('A.') }), 'has flags'],
    ['a union of scalars', z.strictObject({ a: z.union([text, z.boolean()]).describe('A.') }), 'no structural schema'],
  ])('is not made of %s', (_, schema, says) => {
    expect(() => structuralSchema(schema, 'Kind.spec')).toThrow(says);
  });
});

describe('a union by type', () => {
  const shape = { same: text.optional().describe('Same.') };
  const union = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('a').describe('The type.'), ...shape, own: text.describe('Own.') }),
    z.strictObject({ type: z.literal('b').describe('The type.'), ...shape, more: text.default('x').describe('More.') }),
  ]);

  it('is one object, and rules say which field goes with which type', () => {
    const { properties, required, 'x-kubernetes-validations': rules } = structuralSchema(union);
    expect(Object.keys(properties ?? {})).toStrictEqual(['type', 'same', 'own', 'more']);
    expect(required).toStrictEqual(['type']);
    expect(rules?.map(({ rule }) => rule)).toStrictEqual([
      "!has(self.own) || self.type == 'a'",
      "self.type != 'a' || (has(self.own))",
      "!has(self.more) || self.type == 'b'",
    ]);
  });

  it('gives no type the default of another, and says what it is', () => {
    const more = structuralSchema(union).properties?.['more'];
    expect(more).not.toHaveProperty('default');
    expect(more?.description).toBe('`b`: More. Unless said: `"x"`.');
  });

  it('asks the rules of a type of that type alone', () => {
    const option = z.strictObject({ type: z.literal('c').describe('The type.'), ...shape });
    structural.add(option, { rules: [{ rule: 'has(self.same)', holds: () => true, message: 'same' }] });
    const both = z.discriminatedUnion('type', [...union.options, option]);
    expect(structuralSchema(both)['x-kubernetes-validations']?.at(-1)?.rule).toBe(
      "self.type != 'c' || (has(self.same))",
    );
  });

  it('is refused where a field has two forms', () => {
    const other = z.strictObject({ type: z.literal('c').describe('The type.'), own: z.boolean().describe('Own.') });
    expect(() => structuralSchema(z.discriminatedUnion('type', [...union.options, other]))).toThrow('one form');
  });
});
