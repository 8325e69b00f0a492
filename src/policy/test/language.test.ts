/** What is no policy, and what is said of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ArgumentType } from '#contract';
import { argumentValue, readRules, toolEntity, UNREPRESENTABLE, validateRules, type ValidatedTool } from '#policy';
import { evaluator, PAY, policy } from './policies.fixture.ts';

const { cedar } = evaluator;
const SCHEMA = readFileSync(new URL('../schema.cedarschema', import.meta.url), 'utf8');
const ALL = '(principal, action, resource)';

const problemsOf = (text: string): string => {
  const read = readRules(cedar, policy(text));
  return read.ok ? '' : read.error.map(({ message }) => message).join('\n');
};

describe('refused, and why', () => {
  test.each([
    ['nothing', '', 'no `permit` and no `forbid`'],
    ['half a policy', 'permit(principal, action, resource) when {', 'unexpected end of input'],
    ['a template', 'permit(principal == ?principal, action, resource);', 'no slots'],
    ['an annotation misspelt', `@overridible forbid${ALL};`, 'did you mean `overridable`?'],
    ['a permit that can be overridden', `@overridable permit${ALL};`, '`@overridable` is for a forbid'],
    ['a forbid that asks for something in return', `@mask("card") forbid${ALL};`, 'this is a forbid'],
    ['an approval by nobody', `@approval("alice") permit${ALL};`, '`group:name` or `role:name`'],
    ['a duration without its unit', `@duration("15") permit${ALL};`, 'not a duration'],
    ['a limit without its time', `@limit("10 calls") permit${ALL};`, '`100 calls per 1h`'],
    ['a moment without its zone', `@validUntil("2027-01-01T00:00:00") permit${ALL};`, 'not a moment'],
    [
      'moments in the wrong order',
      `@validFrom("2027-01-02T00:00:00Z") @validUntil("2027-01-01T00:00:00Z") permit${ALL};`,
      'never hold',
    ],
    ['the whole context', `permit${ALL} when { context == {} };`, 'as a whole'],
    ['all arguments', `permit${ALL} when { context.args == {} };`, 'as a whole'],
    ['a clock of no zone', `permit${ALL} when { context.time.hour > 8 };`, 'context.time["Europe/Zurich"].hour'],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text)).toContain(said);
  });

  test('a fault in the second rule is told with its place', () => {
    const text = `permit${ALL};\n@what permit${ALL};`;
    const read = readRules(cedar, policy(text));
    expect(read).toMatchObject({ ok: false, error: [{ start: text.indexOf('@what'), end: text.length }] });
  });
});

test('a policy of several rules has them in the order of its text', () => {
  const read = readRules(
    cedar,
    policy(Array.from({ length: 12 }, (_, at) => `@id("r${at}") permit${ALL};`).join('\n')),
  );
  if (!read.ok) throw new Error('refused');
  expect(read.value.map(({ id, name }) => [id, name])).toEqual(
    Array.from({ length: 12 }, (_, at) => [at === 0 ? '*/p' : `*/p#${at + 1}`, `r${at}`]),
  );
});

test('what is looked at is found in every corner of an expression', () => {
  const text = `permit${ALL} when {
    if context has client then context.client like "d*" else [context.args.city, "x"].contains("x")
  } unless {
    principal.name == "a" || context.address.isInRange(ip("10.0.0.0/8")) || context.args has amount
      || context.time["Europe/Zurich"].hour > 8 || {a: context.mfa}.a
  };`;
  const read = readRules(cedar, policy(text));
  expect(read.ok && read.value[0]?.reads).toEqual({
    fields: ['address', 'client', 'mfa'],
    args: ['amount', 'city'],
    clocks: ['Europe/Zurich hour'],
    principal: ['name'],
    resource: [],
  });
});

describe('an argument becomes', () => {
  const FLOATS: ArgumentType = { type: 'array', items: { type: 'float' } };
  test.each<[string, unknown, ArgumentType, unknown]>([
    ['a Long', 5, { type: 'integer' }, 5],
    ['no Long beyond what JSON says exactly', 2 ** 53, { type: 'integer' }, UNREPRESENTABLE],
    ['a decimal, whole numbers too', 5, { type: 'float' }, { __extn: { fn: 'decimal', arg: '5.0000' } }],
    ['a decimal of four digits', -0.1234, { type: 'float' }, { __extn: { fn: 'decimal', arg: '-0.1234' } }],
    ['no decimal that would be rounded', 0.12345, { type: 'float' }, UNREPRESENTABLE],
    ['no decimal of 0.1 + 0.2', 0.1 + 0.2, { type: 'float' }, UNREPRESENTABLE],
    ['no decimal beyond their range', 1e15, { type: 'float' }, UNREPRESENTABLE],
    ['nothing, of null', null, { type: 'string' }, undefined],
    ['a set', [1.5], FLOATS, [{ __extn: { fn: 'decimal', arg: '1.5000' } }]],
    ['no set with a hole', [1.5, null], FLOATS, UNREPRESENTABLE],
    ['a record', { a: 'x' }, { type: 'map', valueType: 'string' }, { a: 'x' }],
    ['no record that names an entity', { __entity: 'x' }, { type: 'map', valueType: 'string' }, UNREPRESENTABLE],
    ['nothing of another type', '5', { type: 'integer' }, UNREPRESENTABLE],
  ])('%s', (_, value, type, expected) => {
    expect(argumentValue(value, type)).toEqual(expected);
  });
});

describe('checked against the schema', () => {
  const tools: readonly ValidatedTool[] = [
    { entity: toolEntity(PAY), namespace: 'one', arguments: { amount: { type: 'float' }, city: { type: 'string' } } },
    {
      entity: toolEntity({ ...PAY, name: 'count', toolsets: [] }),
      namespace: 'one',
      arguments: { amount: { type: 'integer' }, notes: { type: 'map' } },
    },
  ];
  const said = (text: string): string => {
    const read = readRules(cedar, policy(text));
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    return validateRules(cedar, SCHEMA, read.value, tools)
      .map(({ rule, message }) => `${rule}: ${message}`)
      .join('\n');
  };

  test.each([
    [
      'an argument of the one tool it is about',
      'permit(principal, action, resource == Tool::"one/pay") when { context.args has amount && context.args.amount.lessThan(decimal("5.0")) };',
    ],
    [
      'one of all tools of a toolset',
      'permit(principal, action, resource in Toolset::"one/money") when { context.args has city && context.args.city like "B*" };',
    ],
    ['a clock', `permit${ALL} when { context.time["Europe/Zurich"].hour >= 8 };`],
    [
      'everything that there is',
      `permit(principal is User, action == Action::"execute", resource) when { context.door == "mcp" && resource.readOnly && resource.tags.contains("x") && principal.issuer == "chatelaine" && context.mfa && context has country && context.country == "CH" };`,
    ],
  ])('%s is right', (_, text) => {
    expect(said(text)).toBe('');
  });

  test.each([
    ['a field misspelt', `permit${ALL} when { context.dor == "mcp" };`, '`dor`'],
    ['a type compared with another', `permit${ALL} when { context.mfa == "yes" };`, 'Bool and String'],
    ['an optional field without a look whether it is there', `permit${ALL} when { context.client == "x" };`, 'client'],
    ['an argument that no tool has', `permit${ALL} when { context.args has amont };`, 'did you mean `amount`?'],
    ['an argument of two types', `permit${ALL} when { context.args has amount };`, 'different types'],
    ['an argument without a type', `permit${ALL} when { context.args has notes };`, 'no type'],
    [
      'a zone that there is not',
      `permit${ALL} when { context.time["Europe/Zuerich"].hour > 8 };`,
      'no time zone `Europe/Zuerich`',
    ],
    ['an entity of no type', 'permit(principal in Team::"x", action, resource);', 'Team'],
    ['an action that there is not', 'permit(principal, action == Action::"exec", resource);', 'exec'],
  ])('%s is told', (_, text, word) => {
    expect(said(text)).toContain(word);
  });
});
