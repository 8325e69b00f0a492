import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../load.ts';
import { PROBLEM_CODES } from '../problems.ts';
import { catalog, GOOD, input, problemsOf } from './load.fixture.ts';

describe('CFG-002: YAML that is refused', () => {
  it.each<[attack: string, text: string, problems: unknown[]]>([
    [
      'a JavaScript function',
      'kind: !!js/function "function(){}"\n',
      [
        expect.stringMatching(
          /^1:\d+ YAML_REFUSED the tag `tag:yaml.org,2002:js\/function` is not one of YAML's core schema/,
        ),
      ],
    ],
    ['binary', 'kind: group\nname: !!binary aGk=\n', [expect.stringMatching(/^2:\d+ YAML_REFUSED the tag .*binary/)]],
    [
      'a tag of its own',
      'kind: group\nname: !env HOME\n',
      [expect.stringMatching(/^2:\d+ YAML_REFUSED the tag `!env`/)],
    ],
    [
      'a tag that sorts',
      'kind: group\nname: g\ntools: !!set {a}\n',
      [expect.stringMatching(/^3:\d+ YAML_REFUSED the tag .*set/)],
    ],
    [
      '__proto__',
      'kind: group\n__proto__: {admin: true}\n',
      [expect.stringMatching(/^2:1 YAML_REFUSED `__proto__` is not accepted as a key/)],
    ],
    [
      'constructor, further in',
      'kind: group\nname: g\ntools:\n  - constructor: {prototype: {x: 1}}\n',
      [expect.stringMatching(/^4:5 YAML_REFUSED `constructor` is not accepted/), expect.stringMatching(/FIELD_WRONG/)],
    ],
    [
      '__proto__ in quotes',
      'kind: group\n"__proto__": {admin: true}\n',
      [expect.stringMatching(/^2:1 YAML_REFUSED `__proto__`/)],
    ],
    [
      'a merge key',
      'kind: group\n<<: {name: g}\n',
      [expect.stringMatching(/^2:1 YAML_REFUSED merge keys \(`<<`\) are not YAML 1\.2/)],
    ],
    ['a merge of a prototype', 'kind: &a group\n<<: *a\n', [expect.stringMatching(/^2:1 YAML_REFUSED merge keys/)]],
    [
      'a key that comes twice',
      'kind: group\nname: a\nname: b\n',
      [expect.stringMatching(/^3:1 YAML_REFUSED `name` is there twice in one mapping/)],
    ],
    [
      'the same key in other clothes',
      'kind: group\nname: a\n"name": b\n',
      [expect.stringMatching(/^3:1 YAML_REFUSED `name` is there twice/)],
    ],
    ['a key that is a list', 'kind: group\n? [a]\n: b\n', [expect.stringMatching(/^2:\d+ YAML_(SYNTAX|REFUSED)/)]],
    [
      'an alias inside its own anchor',
      'kind: group\nname: g\ntools: &a [*a]\n',
      [
        expect.stringMatching(/^3:\d+ YAML_REFUSED the alias `\*a` stands inside its own anchor/),
        expect.stringMatching(/FIELD_WRONG/),
      ],
    ],
    ['an alias of nothing', 'kind: group\nname: *nothing\n', [expect.stringMatching(/^2:7 YAML_(SYNTAX|REFUSED)/)]],
    [
      'YAML 1.1',
      '%YAML 1.1\n---\nkind: group\nname: no\n',
      [expect.stringMatching(/^\d:1 YAML_REFUSED a `%YAML 1\.1` document/)],
    ],
    ['a NUL', 'kind: group\nname: a\0b\n', ['2:8 YAML_REFUSED the character U+0000 is not accepted in YAML']],
    [
      'an escape of a terminal',
      'kind: group\n# \u001b[2J\n',
      ['2:3 YAML_REFUSED the character U+001B is not accepted in YAML'],
    ],
    [
      'a byte order mark inside',
      'kind: group\n---\n\ufeffkind: group\nname: x\n',
      ['3:1 YAML_REFUSED a byte order mark stands inside the file'],
    ],
    [
      'a cover of our own',
      'kind: group\nname: \ufdd0\n',
      ['2:7 YAML_REFUSED the character U+FDD0 is not accepted in YAML'],
    ],
    [
      'a number that would be rounded',
      'kind: server\nport: 12345678901234567890\n',
      [expect.stringMatching(/^2:7 YAML_REFUSED `12345678901234567890` is beyond 2\^53 and would be rounded/)],
    ],
    [
      'a number that JSON does not have',
      'kind: server\nport: .nan\n',
      [expect.stringMatching(/^2:7 YAML_REFUSED `\.nan` is not a number that JSON has/)],
    ],
  ])('%s', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
    expect({}).not.toHaveProperty('admin');
  });

  it('is read as YAML 1.2: no sexagesimals, octals or underscores by accident, and yes is a word', () => {
    const value = (text: string) => problemsOf(`kind: server\nport: ${text}\n`);
    for (const word of ['yes', 'on', '12:30:45', '1_000', '0b11']) {
      expect(value(word)).toEqual([expect.stringMatching(`not the text \`${word}\``)]);
    }
    expect(value('0o777')).toEqual([]);
    expect(value('null')).toEqual([]);
  });
});

describe('CFG-002: bombs', () => {
  const levels = 'abcdefghij'.split('');
  const laughs = levels
    .map(
      (name, level) =>
        `${name}: &${name} [${Array.from({ length: 9 }, () => (level === 0 ? 'lol' : `*${levels[level - 1]}`)).join(', ')}]`,
    )
    .join('\n');
  const size = 400_000;

  it.each([
    ['a billion laughs', `kind: group\n${laughs}\n`, /aliases repeat more than 2000 values/],
    [
      'aliases by the thousand',
      `kind: group\na: &a {b: c}\nd: [${'*a, '.repeat(50_000)}*a]\n`,
      /aliases repeat more than 2000 values/,
    ],
    ['nested lists', `kind: group\na: ${'['.repeat(size)}`, /nests deeper than 64 levels/],
    ['nested mappings', `kind: group\na: ${'{a: '.repeat(size / 4)}`, /nests deeper than 64 levels/],
    ['nested dashes', `a: \n${'- '.repeat(size)}`, /nests deeper than 64 levels/],
    [
      'nested by indentation',
      Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      /nests deeper than 64 levels/,
    ],
    ['endless items', `kind: group\ntools: [${'a,'.repeat(size)}]`, /more than 250000 fields and items/],
    ['endless commas', `kind: group\ntools: [${','.repeat(size)}]`, /./],
    [
      'endless keys',
      Array.from({ length: 300_000 }, (_, index) => `k${index}: 1`).join('\n'),
      /more than 250000 fields and items/,
    ],
    ['endless documents', 'kind: group\nname: x\n---\n'.repeat(2000), /is called `x` already/],
    ['endless quotes', `kind: ${'"'.repeat(size)}`, /./],
    ['endless anchors', `kind: ${'&a '.repeat(50_000)}x`, /./],
    ['an endless line', `kind: ${'a'.repeat(4_000_000)}`, /there is no kind/],
    ['an endless file', `kind: ${'a'.repeat(5_000_000)}`, /the file is larger than 4194304 bytes/],
    ['endless unset variables', `kind: toolset\nname: x\ntools:\n${'  - ${A}\n'.repeat(100_000)}`, /is not set/],
    ['endless twins on long lines', `a:\n${`  - {${'a: 1, '.repeat(500)}}\n`.repeat(400)}`, /is there twice/],
    [
      'endless names of nobody',
      `${GOOD}kind: toolset\nname: x\ntools:\n${Array.from({ length: 50_000 }, (_, index) => `  - t${index}\n`).join('')}`,
      /no tool is called/,
    ],
    [
      'endless unknown fields',
      `kind: toolset\nname: x\ntools: []\n${Array.from({ length: 100_000 }, (_, index) => `k${index}: 1\n`).join('')}`,
      /there is no field/,
    ],
    [
      'endless wrong items',
      `kind: toolset\nname: x\ntools:\n${'  - {}\n'.repeat(100_000)}`,
      /takes text, not a mapping/,
    ],
    ['endless references', `kind: group\nname: ${'${A}'.repeat(50_000)}`, /is not set|called/],
  ])('%s ends at once, with a problem', (_, text, message) => {
    const started = process.cpuUsage();
    const problems = problemsOf(text);
    const { user, system } = process.cpuUsage(started);
    expect(problems.some((problem) => message.test(problem))).toBe(true);
    // Seconds of CPU, not of the clock: the machine has other things to do.
    expect((user + system) / 1e6).toBeLessThan(15);
  });
});

describe('any bytes', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'kind: ',
      'tool\n',
      'source\n',
      'name: ',
      '- ',
      '  ',
      '\n',
      ': ',
      '&a ',
      '*a',
      '!!',
      '!x ',
      '<<',
      '__proto__',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '#',
      '%',
      '---\n',
      '...\n',
      '${',
      '}',
      '? ',
      ',',
      '\t',
      '\r',
      '\ufeff',
      '1e999',
      '0x',
      'null',
      'parameters:\n',
      'items: ',
    ),
    fc.string({ maxLength: 5 }),
  );
  const bytes = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 3, arbitrary: fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat(GOOD.length), fc.nat(20), fc.array(piece, { maxLength: 5 }))
        .map(([at, drop, pieces]) => Buffer.from(GOOD.slice(0, at) + pieces.join('') + GOOD.slice(at + drop))),
    },
  );

  it('give a configuration or a list of problems with places, and touch no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    fc.assert(
      fc.property(bytes, (text) => {
        const result = loadConfiguration([input('t.yaml', text)], { env: {}, catalog });
        if (result.ok) return;
        expect(result.error.length).toBeGreaterThan(0);
        for (const problem of result.error) {
          expect(PROBLEM_CODES).toHaveProperty(problem.code);
          expect(problem).toMatchObject({
            file: 't.yaml',
            line: expect.any(Number) as number,
            message: expect.stringMatching(/\S/) as string,
          });
          expect(problem.line).toBeGreaterThan(0);
          expect(problem.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 5000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
  });
});
