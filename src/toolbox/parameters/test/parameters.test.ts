import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ParameterDeclaration } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import { compileParameters, placed, type ParameterSet } from '../index.ts';

type Written = Partial<ParameterDeclaration> & Pick<ParameterDeclaration, 'name' | 'type'>;

const compile = (...declarations: Written[]): ParameterSet =>
  compileParameters(
    placed(
      'parameters',
      declarations.map((entry) => ({ description: '', ...entry })),
    ),
  );

/** The checked arguments, or the violations as `path: message`. */
function checked(set: ParameterSet, raw: JsonObject, supplied?: JsonObject): unknown {
  const result = set.check(raw, supplied);
  if (result.ok) return { ...result.value };
  return result.error.map((violation) => `${violation.path}: ${violation.message}`);
}

function fault(...declarations: Written[]): unknown {
  try {
    compile(...declarations);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error;
    return { path: error.path.join('.'), message: error.message };
  }
}

describe('REG-010: values are taken as they are or refused', () => {
  const of = (declaration: Omit<Written, 'name'>) => compile({ name: 'v', ...declaration });
  test.each<[string, Omit<Written, 'name'>, JsonValue, string | undefined]>([
    ['a string for a float', { type: 'float' }, '10', 'v: must be a number, not the string `10`'],
    ['a fraction for an integer', { type: 'integer' }, 3.5, 'v: must be a whole number, not `3.5`'],
    ['a whole float for an integer', { type: 'integer' }, 3.0, undefined],
    ['the largest exact integer', { type: 'integer' }, 2 ** 53 - 1, undefined],
    [
      'an integer that lost digits',
      { type: 'integer' },
      2 ** 53,
      'v: lies beyond ±9007199254740991, where JSON numbers lose digits; a tool that needs larger ones takes them as strings',
    ],
    [
      'an overflow that JSON reads as infinity',
      { type: 'float' },
      JSON.parse('1e999') as number,
      'v: must be a number, not `null`',
    ],
    ['true for an integer', { type: 'integer' }, true, 'v: must be a whole number, not `true`'],
    ['1 for a boolean', { type: 'boolean' }, 1, 'v: must be true or false, not `1`'],
    ['an array for a string', { type: 'string' }, ['a'], 'v: must be a string, not an array'],
    ['an array for a map', { type: 'map' }, ['a'], 'v: must be an object, not an array'],
    ['a nested value in an open map', { type: 'map' }, { a: { b: [1] } }, undefined],
    ['a number below its range', { type: 'float', minValue: 0.5 }, 0.4, 'v: must be at least 0.5, not `0.4`'],
    ['emoji counted as characters', { type: 'string', maxLength: 3 }, '👍👍👍', undefined],
    ['one emoji too many', { type: 'string', maxLength: 3 }, '👍👍👍👍', 'v: must have at most 3 characters, not 4'],
    [
      'too few items',
      { type: 'array', items: item('string'), minItems: 2 },
      ['a'],
      'v: must have at least 2 items, not 1',
    ],
    [
      'a near miss of a list',
      { type: 'string', allowedValues: ['users', 'cities'] },
      'citis',
      'v: must be one of `users`, `cities`, not the string `citis`; did you mean `cities`?',
    ],
    [
      'a pattern inside a longer value',
      { type: 'string', allowedValues: ['c.*y'] },
      'a city',
      'v: must match `^(?:c.*y)$`, not the string `a city`',
    ],
    [
      'an excluded pattern',
      { type: 'string', excludedValues: ['pg_.*'] },
      'pg_shadow',
      'v: must not be `pg_shadow`, which the tool excludes',
    ],
    ['an allowed number by value', { type: 'integer', allowedValues: [10, 20] }, 10, undefined],
    [
      'a number by the text of a pattern',
      { type: 'integer', allowedValues: ['1\\d'] },
      25,
      'v: must match `^(?:1\\d)$`, not `25`',
    ],
    [
      'an allowed array by value',
      { type: 'array', items: item('string'), allowedValues: [['a', 'b']] },
      ['a', 'b'],
      undefined,
    ],
    [
      'an array that differs',
      { type: 'array', items: item('string'), allowedValues: [['a', 'b']] },
      ['b', 'a'],
      'v: must be one of `["a","b"]`, not an array',
    ],
  ])('%s', (_title, declaration, value, violation) => {
    const result = checked(of(declaration), { v: value });
    expect(result).toEqual(violation === undefined ? { v: value } : [violation]);
  });

  test('every violation is reported, each at its path', () => {
    const set = compile(
      { name: 'cities', type: 'array', items: { ...item('string'), pattern: '[A-Z].*' } },
      { name: 'filter', type: 'map', valueType: 'integer' },
      { name: 'limit', type: 'integer' },
    );
    expect(checked(set, { cities: ['Basel', 'bern', 3], filter: { a: 1, b: 'x', 'c d': 1.5 } })).toEqual([
      'cities[1]: must match `^(?:[A-Z].*)$`',
      'cities[2]: must be a string, not `3`',
      'filter.b: must be a whole number, not the string `x`',
      'filter["c d"]: must be a whole number, not `1.5`',
      'limit: is required',
    ]);
  });

  test('a list of a hundred thousand wrong values gives a hundred violations and their number', () => {
    const set = compile({ name: 'ids', type: 'array', items: item('integer') });
    const violations = checked(set, { ids: Array.from({ length: 100_000 }, () => 'x') }) as string[];
    expect([violations.length, violations.at(-1)]).toEqual([101, ': and 99900 more like these']);
  });

  test('a text that keeps a pattern busy is refused, with the reason', () => {
    const set = compile({ name: 'v', type: 'string', pattern: '(a+)+$' });
    expect(checked(set, { v: `${'a'.repeat(50_000)}!` })).toEqual(['v: takes too long to check against its pattern']);
  });

  test('a value whose exclusion cannot be decided in time is refused', () => {
    const set = compile({ name: 'v', type: 'string', excludedValues: ['(a+)+$'] });
    expect(checked(set, { v: `${'a'.repeat(50_000)}!` })).toEqual(['v: takes too long to check against its pattern']);
    expect(checked(set, { v: 'b' })).toEqual({ v: 'b' });
  });
});

describe('absent values', () => {
  const set = compile(
    { name: 'city', type: 'string' },
    { name: 'limit', type: 'integer', default: 10 },
    { name: 'note', type: 'string', required: false },
  );
  test.each<[string, JsonObject, unknown]>([
    ['null is absent', { city: 'Basel', limit: null, note: null }, { city: 'Basel', limit: 10 }],
    ['unknown names are dropped', { city: 'Basel', role: 'admin' }, { city: 'Basel', limit: 10 }],
    ['a required one is missed', { city: null }, ['city: is required']],
  ])('%s', (_title, raw, result) => {
    expect(checked(set, raw)).toEqual(result);
  });

  test('what every object inherits is no argument', () => {
    const named = compile(
      { name: 'constructor', type: 'string', required: false },
      { name: 'toString', type: 'string', required: false },
    );
    const result = named.check({});
    expect(result.ok && [result.value['constructor'], result.value['toString'], result.value['valueOf']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(checked(named, JSON.parse('{"constructor":"McLaren","__proto__":{"toString":"x"}}') as JsonObject)).toEqual({
      constructor: 'McLaren',
    });
  });
});

describe('values that the caller does not choose', () => {
  const set = compile(
    { name: 'vector', type: 'string', valueFromParam: 'text' },
    { name: 'text', type: 'string' },
    { name: 'user', type: 'string', authServices: [{ name: 'google', field: 'sub' }] },
    { name: 'pin', type: 'string', secure: true, pattern: '\\d{4}' },
  );

  test('are not in the input schema, and only authenticated ones are in the manifest', () => {
    expect(Object.keys(set.inputSchema['properties'] as object)).toEqual(['text']);
    expect(Object.keys(set.secureInputSchema?.['properties'] as object)).toEqual(['pin']);
    expect(set.manifest.map((entry) => [entry['name'], entry['authServices']])).toEqual([
      ['text', []],
      ['user', ['google']],
    ]);
  });

  test('are never taken from the arguments', () => {
    expect(checked(set, { text: 'a', user: 'root', pin: '0000', vector: 'b' })).toEqual([
      'user: comes from `sub` of a token of `google`, and the call has none',
      'pin: is required, through the secure channel of the client',
    ]);
    expect(checked(set, { text: 'a', user: 'root', pin: '0000' }, { user: 'u1', pin: '1234', text: 'b' })).toEqual({
      text: 'a',
      user: 'u1',
      pin: '1234',
      vector: 'a',
    });
  });

  test('are checked like any other and appear in no message', () => {
    expect(JSON.stringify(checked(set, { text: 'a' }, { user: 'u1', pin: 'hunter2' }))).not.toContain('hunter2');
    expect(checked(set, { text: 'a' }, { user: 7, pin: '12' })).toEqual([
      'user: must be a string, not a number',
      'pin: must match `^(?:\\d{4})$`',
    ]);
  });
});

describe('declarations that cannot work are refused where they are written', () => {
  test.each<[string, Written[], unknown]>([
    [
      'two of one name',
      [
        { name: 'a', type: 'string' },
        { name: 'a', type: 'integer' },
      ],
      { path: 'parameters.1.name', message: 'another parameter is called `a` already' },
    ],
    [
      '__proto__',
      [{ name: '__proto__', type: 'string' }],
      { path: 'parameters.0.name', message: '`__proto__` is no name for a parameter: JSON readers trip over it' },
    ],
    [
      'a copy of nothing',
      [
        { name: 'text', type: 'string' },
        { name: 'b', type: 'string', valueFromParam: 'txet' },
      ],
      { path: 'parameters.1.valueFromParam', message: 'no parameter is called `txet`; did you mean `text`?' },
    ],
    [
      'a copy of another type',
      [
        { name: 'n', type: 'integer' },
        { name: 'b', type: 'string', valueFromParam: 'n' },
      ],
      {
        path: 'parameters.1.valueFromParam',
        message: '`n` is of type `integer`, and a copy of type `string` would never fit',
      },
    ],
    [
      'a default outside its range',
      [{ name: 'n', type: 'integer', maxValue: 5, default: 6 }],
      { path: 'parameters.0.default', message: '`n` must be at most 5, not `6`' },
    ],
    [
      'an example that would be refused',
      [{ name: 's', type: 'string', enum: ['a'], examples: ['a', 'xyz'] }],
      { path: 'parameters.0.examples.1', message: '`s` must be one of `a`, not the string `xyz`' },
    ],
    [
      'a number in the list of a string',
      [{ name: 's', type: 'string', allowedValues: [2024] }],
      {
        path: 'parameters.0.allowedValues.0',
        message: '`2024` is no string, so it never equals a value of a string parameter',
      },
    ],
    [
      'a pattern that is none',
      [{ name: 's', type: 'array', items: { ...item('string'), allowedValues: ['*.csv'] } }],
      {
        path: 'parameters.0.items.allowedValues.0',
        message: '`*.csv` is not a pattern: `*` repeats nothing; write `\\*` for the character',
      },
    ],
  ])('%s', (_title, declarations, expected) => {
    expect(fault(...declarations)).toEqual(expected);
  });
});

test('the published schema says everything the check enforces', () => {
  const set = compile(
    {
      name: 'city',
      type: 'string',
      title: 'City',
      description: 'where',
      minLength: 1,
      maxLength: 9,
      examples: ['Basel'],
    },
    { name: 'sort', type: 'string', allowedValues: ['ASC|DESC'], default: 'ASC' },
    {
      name: 'table',
      type: 'string',
      allowedValues: ['users', 'log_.*'],
      excludedValues: ['log_secret'],
      pattern: '[a-z_]+',
    },
    { name: 'near', type: 'float', minValue: -90, maxValue: 90, required: false },
    { name: 'tags', type: 'array', items: { ...item('string'), maxLength: 3 }, maxItems: 2, required: false },
    { name: 'extra', type: 'map', valueType: 'float', required: false },
  );
  expect(set.inputSchema).toEqual({
    type: 'object',
    properties: {
      city: { type: 'string', title: 'City', description: 'where', minLength: 1, maxLength: 9, examples: ['Basel'] },
      sort: { type: 'string', enum: ['ASC', 'DESC'], default: 'ASC' },
      table: {
        type: 'string',
        pattern: '^(?:[a-z_]+)$',
        anyOf: [{ enum: ['users'] }, { pattern: '^(?:log_.*)$' }],
        not: { enum: ['log_secret'] },
      },
      near: { type: 'number', minimum: -90, maximum: 90 },
      tags: { type: 'array', items: { type: 'string', maxLength: 3 }, maxItems: 2 },
      extra: { type: 'object', additionalProperties: { type: 'number' } },
    },
    required: ['city', 'table'],
  });
  expect(set.manifest.at(-1)).toEqual({
    name: 'extra',
    type: 'object',
    required: false,
    description: '',
    authServices: [],
    additionalProperties: { type: 'float' },
  });
});

test('ajv on the published schema agrees with the check, whatever the declarations and arguments', () => {
  const outcomes = { accepted: 0, refused: 0 };
  const ajv = new Ajv2020({ strict: false, ownProperties: true });
  fc.assert(
    fc.property(declarations(), fc.infiniteStream(fc.nat()), (written, seeds) => {
      const set = compile(...written);
      const validate = ajv.compile(set.inputSchema);
      for (const raw of argumentsFor(written, seeds)) {
        const present = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
        const agreed = set.check(raw).ok;
        outcomes[agreed ? 'accepted' : 'refused']++;
        if (agreed !== validate(present)) {
          throw new Error(`${JSON.stringify(written)} ${JSON.stringify(raw)}: ours ${agreed}, ajv ${!agreed}`);
        }
      }
    }),
    { numRuns: 400 },
  );
  // Neither side may be agreed upon by never happening.
  expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(500);
});

test('no JSON makes the check throw, or lets through what was not declared', () => {
  fc.assert(
    fc.property(
      declarations(),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__', 'x'), fc.jsonValue()),
      (written, raw) => {
        const result = compile(...written).check(raw as JsonObject);
        if (!result.ok) return;
        const names = written.map((entry) => entry.name);
        expect(Object.keys(result.value).filter((name) => !names.includes(name))).toEqual([]);
      },
    ),
  );
});

function item(type: ParameterDeclaration['type']): ParameterDeclaration {
  return { name: 'item', type, description: '' };
}

const WORDS = ['a', 'ab', 'abc', 'b', '👍', 'a b', 'true', '5', ''];
// No integers beyond 2^53: the check refuses them, and the schema leaves that unsaid.
const NUMBERS = [0, 1, -1, 5, 2.5, -0.25, 2 ** 53 - 1];

function declarations(): fc.Arbitrary<Written[]> {
  return fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'constructor'),
        fields: fc.oneof(
          stringFields(),
          numberFields('integer'),
          numberFields('float'),
          listFields(),
          mapFields(),
          fc.constant({ type: 'boolean' as const }),
        ),
        required: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3, selector: (entry) => entry.name },
    )
    .map((entries) => entries.map(({ name, fields, required }) => ({ name, required, ...fields })));
}

function stringFields() {
  return fc.record(
    {
      type: fc.constant('string' as const),
      minLength: fc.constantFrom(0, 1, 2),
      maxLength: fc.constantFrom(2, 3),
      pattern: fc.constantFrom('[ab]*', 'a.*', '\\w+', '^a'),
      enum: fc.constant(['a', 'ab', 'b', '👍']),
      allowedValues: fc.constantFrom(['a', 'b.*'], ['a|abc'], ['.*']),
      excludedValues: fc.constantFrom(['ab'], ['a.'], ['b', 'a b']),
    },
    { requiredKeys: ['type'] },
  );
}

function numberFields(type: 'integer' | 'float') {
  return fc.record(
    {
      type: fc.constant(type),
      minValue: fc.constantFrom(-1, 0, 1),
      maxValue: fc.constantFrom(1, 5),
      allowedValues: fc.constantFrom([0, 1, 5], ['5', '1'], ['0', 2.5]),
      excludedValues: fc.constantFrom([1], ['5']),
    },
    { requiredKeys: ['type'] },
  );
}

function listFields() {
  return fc.record(
    {
      type: fc.constant('array' as const),
      items: fc.oneof(stringFields(), numberFields('integer')).map((fields) => ({ ...item('string'), ...fields })),
      minItems: fc.constantFrom(0, 1),
      maxItems: fc.constantFrom(1, 2),
      allowedValues: fc.constant([['a'], ['a', 'ab'], [5]]),
      excludedValues: fc.constant([['a']]),
    },
    { requiredKeys: ['type', 'items'] },
  );
}

function mapFields() {
  return fc.record(
    {
      type: fc.constant('map' as const),
      valueType: fc.constantFrom('string' as const, 'integer' as const, 'float' as const, 'boolean' as const),
    },
    { requiredKeys: ['type'] },
  );
}

/** Twenty argument objects, most members of the right type, so that both verdicts come up often. */
function* argumentsFor(written: readonly Written[], seeds: fc.Stream<number>): Generator<JsonObject> {
  const pick = <Value>(from: readonly Value[]): Value => from[(seeds.next().value as number) % from.length] as Value;
  const scalar = (type: string): JsonValue =>
    type === 'string' ? pick(WORDS) : type === 'boolean' ? pick([true, false]) : pick(NUMBERS);
  for (let round = 0; round < 20; round++) {
    const raw: JsonObject = {};
    for (const { name, type, items, valueType } of written) {
      const surprise = pick([0, 0, 0, 0, 0, 1, 2, 3]);
      if (surprise === 1) continue;
      if (surprise === 2) raw[name] = pick<JsonValue>([null, 'a', 1, true, ['a'], { a: 1 }, [null]]);
      else if (type === 'array')
        raw[name] = Array.from({ length: pick([0, 1, 2, 3]) }, () => scalar(items?.type ?? 'string'));
      else if (type === 'map')
        raw[name] = Object.fromEntries([
          ['k', scalar(valueType ?? 'string')],
          ['l', scalar(pick([valueType ?? 'string', 'string']))],
        ]);
      else raw[name] = scalar(type);
    }
    yield raw;
  }
}
