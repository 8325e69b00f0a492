import { describe, expect, test } from 'vitest';
import { loaded, problemsOf } from './load.fixture.ts';

const policy = (name: string, fields: string): string => `kind: policy\nname: ${name}\n${fields}\n`;
const together = (...documents: readonly string[]): string => documents.join('---\n');
const PERMIT = 'cedar: permit (principal, action, resource);';

test('a policy as Cedar, and one as a form', () => {
  const text = together(
    policy('open', `${PERMIT}\nnamespace: travel\npriority: -5\nshadow: true`),
    policy('desk', 'everywhere: true\nenabled: false\nform: {groups: [travel/desk], hours: ["22:00-06:00"]}'),
  );
  expect(
    loaded(text).policies.map(({ namespace, name, everywhere, priority, shadow, enabled, cedar, form }) => [
      ...[`${namespace}/${name}`, everywhere, priority, shadow, enabled, cedar, form?.hours],
    ]),
  ).toEqual([
    ['travel/open', false, -5, true, true, 'permit (principal, action, resource);', undefined],
    ['default/desk', true, 0, false, false, undefined, ['22:00-06:00']],
  ]);
});

describe('a policy is refused', () => {
  test.each([
    ['that says nothing', policy('a', ''), /neither/],
    ['that says it twice', policy('a', `${PERMIT}\nform: {}`), /both/],
    ['of a form with a field misspelt', policy('a', 'form: {tols: [x]}'), /tools/],
    [
      'of a forbid that asks for something in return',
      policy('a', 'form: {effect: forbid, mask: [card]}'),
      /`mask` is for a permit/,
    ],
    ['of hours that are none', policy('a', 'form: {hours: ["9-17"]}'), /09:00-17:00/],
    ['of an hour that begins where it ends', policy('a', 'form: {hours: ["09:00-09:00"]}'), /00:00-24:00/],
    ['of a parameter without a bound', policy('a', 'form: {parameters: {id: {}}}'), /`min`, `max`, `oneOf` or `like`/],
    ['of bounds in the wrong order', policy('a', 'form: {parameters: {id: {min: 5, max: 1}}}'), /less than `min`/],
    [
      'of moments in the wrong order',
      policy('a', 'form: {validFrom: "2027-01-02T00:00:00Z", validUntil: "2027-01-01T00:00:00Z"}'),
      /never hold/,
    ],
    ['of a limit without its time', policy('a', 'form: {limits: ["10 calls"]}'), /100 calls per 1h/],
    ['of more than all numbers', policy('a', `${PERMIT}\npriority: 1000001`), /priority|1000000/],
    [
      'that holds everywhere under a name that another has',
      together(policy('a', `${PERMIT}\neverywhere: true`), policy('a', `${PERMIT}\nnamespace: b\neverywhere: true`)),
      /is called `\*\/a` already/,
    ],
  ])('%s', (_, text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });
});

test('policies of one name in two namespaces are two', () => {
  expect(loaded(together(policy('a', PERMIT), policy('a', `${PERMIT}\nnamespace: b`))).policies).toHaveLength(2);
});

test('a place in the Cedar of a block is a place in the file', () => {
  const text = `kind: policy\nname: a\ncedar: |\n  permit (principal, action, resource)\n  when { context.dor == "mcp" };\n`;
  const [found] = loaded(text).policies;
  expect(found?.locate(['cedar'], { line: 2, column: 16 })).toMatchObject({ line: 5, column: 18 });
  expect(found?.locate(['cedar'], { line: 2, column: 16 }).excerpt).toContain('context.dor');
  const [quoted] = loaded(`kind: policy\nname: a\n${PERMIT}\n`).policies;
  expect(quoted?.locate(['cedar'], { line: 1, column: 9 })).toMatchObject({ line: 3 });
});
