import { describe, expect, test } from 'vitest';
import type { ParameterDeclaration, PromptMessage } from '#contract';
import { ok } from '#kernel';
import type { Prompt } from '../../snapshot.ts';
import type { ModulePrompt, ModuleSource } from '../../sources/module/module-source.ts';
import { testCall } from '../../test/toolbox.fixture.ts';
import { customPrompt, modulePrompt, type CustomPromptDeclaration } from '../index.ts';

type Written = Partial<ParameterDeclaration> & { name: string };

const declare = (args: readonly Written[]): ParameterDeclaration[] =>
  args.map((entry) => ({ type: 'string', description: '', ...entry }));

const prompt = (content: CustomPromptDeclaration['messages'][number]['content'], ...args: Written[]): Prompt =>
  customPrompt({ name: 'p', arguments: declare(args), messages: [{ role: 'user', content }] });

/** The content of the first message, or the violations. */
async function got(of: Prompt, args: Record<string, string>): Promise<unknown> {
  const answer = await of.get(args, testCall());
  return answer.ok
    ? answer.value[0]?.content
    : answer.error.map((violation) => `${violation.path}: ${violation.message}`);
}

describe('arguments are put into messages', () => {
  test('as text, and a missing optional one as nothing', async () => {
    const written = prompt(
      'Review {{.code}} in {{ .language }}{{.style}}.',
      { name: 'code' },
      { name: 'language', default: 'Go' },
      { name: 'style', required: false },
    );
    expect(await got(written, { code: 'x{{.style}}' })).toEqual({ type: 'text', text: 'Review x{{.style}} in Go.' });
    expect(await got(written, { code: 'x', style: '' })).toEqual({ type: 'text', text: 'Review x in Go.' });
  });

  test('into the text and the address of an embedded resource, never into its bytes', async () => {
    const uri = { name: 'uri' };
    const text = { type: 'resource', resource: { uri: '{{.uri}}', text: 'at {{.uri}}' } } as const;
    expect(await got(prompt(text, uri), { uri: 'a://b' })).toEqual({
      type: 'resource',
      resource: { uri: 'a://b', text: 'at a://b' },
    });
    const image = { type: 'image', data: 'e3sudXJpfX0=', mimeType: 'image/png' } as const;
    expect(await got(prompt(image, uri), { uri: 'a://b' })).toEqual(image);
  });

  test('a list item by item', async () => {
    const list = { name: 'l', type: 'array', items: { name: 'i', type: 'string', description: '' } } as const;
    expect(await got(prompt('{{array .l}} and {{.l}}', list), { l: '["a","b"]' })).toEqual({
      type: 'text',
      text: 'a, b and ["a","b"]',
    });
  });
});

describe('arguments are checked as parameters, read from the text that MCP carries', () => {
  const written = prompt(
    '{{.n}} {{.f}} {{.b}} {{.s}}',
    { name: 'n', type: 'integer', minValue: 1 },
    { name: 'f', type: 'float', required: false },
    { name: 'b', type: 'boolean', default: false },
    { name: 's', allowedValues: ['a|b'] },
  );

  test.each<[Record<string, string>, unknown]>([
    [
      { n: '7', f: '-1.5e3', b: 'true', s: 'a' },
      { type: 'text', text: '7 -1500 true a' },
    ],
    [
      { n: '7', f: '', s: 'b' },
      { type: 'text', text: '7  false b' },
    ],
    [
      { s: 'c', n: '0', f: '0x10', b: 'yes' },
      [
        'n: must be at least 1, not `0`',
        'f: must be a number, not the string `0x10`',
        'b: must be true or false, not the string `yes`',
        's: must be one of `a`, `b`, not the string `c`; did you mean `a`?',
      ],
    ],
    [{ n: '' }, ['n: is required', 's: is required']],
    [
      { n: '99999999999999999999', s: 'a' },
      [
        'n: lies beyond ±9007199254740991, where JSON numbers lose digits; a tool that needs larger ones takes them as strings',
      ],
    ],
  ])('%o', async (args, answer) => {
    expect(await got(written, args)).toEqual(answer);
  });

  test('what every object inherits is no argument', async () => {
    expect(await got(prompt('{{.constructor}}', { name: 'constructor', required: false }), {})).toEqual({
      type: 'text',
      text: '',
    });
  });
});

test('values that the declaration names are suggested, those that begin with what was typed first', async () => {
  const written = prompt(
    '',
    { name: 'city', allowedValues: ['Zürich', 'Basel', 'x.*'], examples: ['xbasel'], excludedValues: ['Zürich'] },
    { name: 'yes', type: 'boolean' },
  );
  expect(await written.complete('city', 'bas', {})).toEqual(['Basel', 'xbasel']);
  expect(await written.complete('yes', 't', {})).toEqual(['true']);
  expect(await written.complete('nobody', '', {})).toEqual([]);
});

test.each<[CustomPromptDeclaration['messages'][number]['content'], Written[], string]>([
  ['{{.cod}}', [{ name: 'code' }], '`{{.cod}}` names no argument; did you mean `code`?'],
  ['{{range .code}}', [{ name: 'code' }], '`{{range .code}}` is not a placeholder'],
  ['', [{ name: 'a', authServices: [{ name: 'g', field: 'sub' }] }], '`authServices` belongs to parameters of tools'],
  ['', [{ name: 'a', secure: true }], '`secure` belongs to parameters of tools'],
])('%o is refused when it is read', (content, args, message) => {
  expect(() => prompt(content, ...args)).toThrow(message);
});

describe('a handler of a module', () => {
  const seen: unknown[] = [];
  const handler: ModulePrompt = {
    title: 'Theirs',
    description: 'theirs',
    arguments: [{ name: 'own', title: undefined, description: undefined, required: true }],
    get: (args) => {
      seen.push(args);
      return Promise.resolve(ok([{ role: 'user', content: { type: 'text', text: 'made' } }] satisfies PromptMessage[]));
    },
    complete: () => Promise.resolve(['theirs']),
  };
  const source = { type: 'module', prompt: () => handler } as unknown as ModuleSource;
  const published = (args: readonly Written[]) =>
    modulePrompt({ name: 'p', title: 'Ours', handler: 'h', arguments: declare(args) }, source);

  test('keeps its arguments where the document declares none, and takes its words from the document first', async () => {
    const found = published([]);
    expect(found).toMatchObject({ name: 'p', title: 'Ours', description: 'theirs', arguments: [{ name: 'own' }] });
    expect(await got(found, { own: 'x' })).toEqual({ type: 'text', text: 'made' });
  });

  test('sees declared arguments only after they were checked', async () => {
    seen.length = 0;
    const found = published([
      { name: 'n', type: 'integer' },
      { name: 'm', default: 'd' },
    ]);
    expect(await got(found, { n: 'x' })).toEqual(['n: must be a whole number, not the string `x`']);
    await got(found, { n: '1', other: 'y' });
    expect(seen).toEqual([{ n: '1', m: 'd' }]);
    expect(await found.complete('n', '', {})).toEqual(['theirs']);
  });
});
