import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverReferences, uncover } from '../placeholders.ts';
import { substitute } from '../substitute.ts';
import { loaded, load, problemsOf } from './load.fixture.ts';

describe('a reference to the environment', () => {
  const env = { SET: 'value', EMPTY: '' };

  it.each([
    ['${SET}', 'value'],
    ['${EMPTY}', ''],
    ['${SET:other}', 'value'],
    ['${NOPE:other}', 'other'],
    ['${EMPTY:other}', ''],
    ['${NOPE:}', ''],
    ['${NOPE:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${SET:-other}', 'value'],
    ['${SET:?why}', 'value'],
    ['a${SET}b${NOPE:c}', 'avaluebc'],
    ['${NOPE:http://x:1/}', 'http://x:1/'],
    ['$SET', '$SET'],
    ['${}', '${}'],
    ['${A-B}', '${A-B}'],
    ['${toString:d}', 'd'],
    ['${__proto__:d}', 'd'],
    // How a literal `${SET}` is written: a value is not looked at again.
    ['${DOLLAR:$}{SET}', '${SET}'],
  ])('%s gives %j', (text, expected) => {
    expect(substitute(text, env)).toMatchObject({ text: expected, unset: [] });
  });

  it.each([
    ['${NOPE}', 'the environment variable `NOPE` is not set'],
    ['${toString}', 'the environment variable `toString` is not set'],
    ['${NOPE:?}', '`NOPE` is unset or empty'],
    ['${EMPTY:? set it }', '`EMPTY` is unset or empty: set it'],
  ])('%s is missed: %s', (text, reason) => {
    expect(substitute(text, env).unset).toMatchObject([{ reason }]);
  });

  it('is missed at its own place, each of them', () => {
    const text = 'kind: source\nname: s\ntype: sqlite\ndatabase: >\n  ${A} and\n  ${B:x} and ${C}\n';
    expect(problemsOf(text).map((problem) => problem.slice(0, 20))).toEqual([
      '5:3 VARIABLE_UNSET t',
      '6:14 VARIABLE_UNSET ',
    ]);
  });

  it('is not followed in comments, nor in keys', () => {
    expect(problemsOf('# ${NOPE}\nkind: group # ${NOPE}\n')).toEqual([]);
    expect(problemsOf('kind: group\n${NAME}: x\n', { NAME: 'name' })).toEqual([
      '2:1 YAML_REFUSED a key cannot come from the environment | Write the key out; values may hold `${…}`.',
    ]);
  });

  it('may stand in brackets, and its default may hold what YAML would trip over', () => {
    const text =
      'kind: prompt\nname: p\ndescription: ${X:a: b # c}\narguments: [{name: ${A:[}, description: ${B:,}}]\nmessages: [{content: ${Y:{z}}]\n';
    expect(loaded(text).prompts).toMatchObject([
      { description: 'a: b # c', arguments: [{ name: '[', description: ',' }], messages: [{ content: '{z' }] },
    ]);
  });
});

describe('values of the environment', () => {
  // What YAML gives meaning to, in every order.
  const value = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\n',
          '---\n',
          'kind: tool\n',
          '"',
          "'",
          ': ',
          ' #',
          '- ',
          '{',
          '}',
          '[',
          ']',
          '&a',
          '*a',
          '!!str ',
          '|',
          '>',
          '\\',
          '%',
          '${SET}',
          '...\n',
          '\t',
          '\r',
          '\0',
          '\u2028',
          '<<: ',
        ),
        fc.string(),
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join(''));

  const places: readonly (readonly [style: string, written: string])[] = [
    ['plain', '${VALUE}'],
    ['in double quotes', '"${VALUE}"'],
    ['in single quotes', "'${VALUE}'"],
    ['in a block', '|-\n  ${VALUE}'],
    ['folded', '>-\n  ${VALUE}'],
  ];

  it.each(places)('never add or change documents, %s', (_, written) => {
    const text = `kind: prompt\nname: p\ndescription: ${written}\nmessages: [{content: m}]\n---\nkind: group\nname: g\n`;
    fc.assert(
      fc.property(value, (VALUE) => {
        fc.pre(!VALUE.startsWith('secret://'));
        const configuration = loaded(text, { VALUE, SET: 'x' });
        expect(configuration.prompts).toMatchObject([{ name: 'p', description: VALUE, messages: [{ content: 'm' }] }]);
        expect(configuration.groups).toMatchObject([{ name: 'g' }]);
        expect(configuration.tools).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('never turn a refused document into another one in brackets', () => {
    fc.assert(
      fc.property(value, (VALUE) => {
        const result = load('kind: toolset\nname: x\ntools: [ ${VALUE} ]\n', { VALUE, SET: 'x' });
        if (result.ok) return;
        expect(result.error.every(({ line, column }) => line === 3 && column === 10)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('covering references for the parser', () => {
  it('keeps every offset and gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('${', '}', '${A}', '${B:c: d}', '\n'))), (pieces) => {
        const text = pieces.join('');
        const { text: covered, offsets } = coverReferences(text);
        expect(covered).toHaveLength(text.length);
        expect(uncover(covered)).toBe(text);
        for (const offset of offsets) expect(text.startsWith('${', offset)).toBe(true);
      }),
    );
  });
});
