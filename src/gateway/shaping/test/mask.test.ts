/** What masks make of answers: fields by path, patterns wherever they stand, the strictest where several meet. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#kernel';
import { testTool } from '../../test/tools.fixture.ts';
import { book, mask, maskingWith, somebody, TOOL, viewWith } from './mask.fixture.ts';

const PAN = '4111 1111 1111 1111';
const masked = (value: JsonValue, ...masks: readonly Record<string, unknown>[]): JsonValue =>
  maskingWith(...masks).json(value);

describe('a field', () => {
  it.each<[path: string, value: JsonValue, expected: JsonValue]>([
    ['ssn', { ssn: 'x', deep: [{ ssn: 'y', name: 'z' }] }, { ssn: '•••', deep: [{ ssn: '•••', name: 'z' }] }],
    ['SSN', { Ssn: 'x' }, { Ssn: '•••' }],
    ['customer.email', { customer: { email: 'x' }, email: 'y' }, { customer: { email: '•••' }, email: 'y' }],
    ['*.email', [{ a: { email: 'x' }, email: 'y' }], [{ a: { email: '•••' }, email: 'y' }]],
    ['**.a.b', { a: { b: 1 }, x: { a: { b: 2, c: 3 } } }, { a: { b: null }, x: { a: { b: null, c: 3 } } }],
    ['a.**', { a: { b: 'x', c: ['y'] }, d: 'z' }, { a: { b: '•••', c: ['•••'] }, d: 'z' }],
    ['card_*', { card_no: 'x', card: 'y' }, { card_no: '•••', card: 'y' }],
    ['*_key*', { api_key_1: 'x', key: 'y' }, { api_key_1: '•••', key: 'y' }],
    ['all', { all: { a: 'x', b: [1, true, null] } }, { all: { a: '•••', b: [null, null, null] } }],
    ['__proto__', JSON.parse('{"__proto__":{"a":"x"}}'), JSON.parse('{"__proto__":{"a":"•••"}}')],
  ])('%s of %j', (path, value, expected) => {
    expect(masked(value, { fields: [path] })).toEqual(expected);
  });

  it('is told by its case where the mask says so', () => {
    expect(masked({ Ssn: 'x', ssn: 'y' }, { fields: ['ssn'], caseSensitive: true })).toEqual({ Ssn: 'x', ssn: '•••' });
  });

  it.each<[how: string, value: JsonValue, expected: JsonValue | undefined]>([
    ['remove', 'text', undefined],
    ['redact', 'text', '•••'],
    ['last4', '123-45-6789', '•••6789'],
    ['last4', '12345678', '•••'],
    ['last4', 123456789, null],
    ['redact', '', ''],
  ])('%s makes of %j', (how, value, expected) => {
    expect(masked({ a: value, b: 1 }, { fields: ['a'], how })).toEqual(
      expected === undefined ? { b: 1 } : { a: expected, b: 1 },
    );
  });

  it('hash is equal for equal values and another in another namespace, so that joins work and guesses do not', () => {
    const hash = (value: JsonValue) => masked({ a: value }, { fields: ['a'], how: 'hash' });
    expect(hash('alice')).toEqual(hash('alice'));
    expect(hash('alice')).not.toEqual(hash('bob'));
    expect(hash(7)).toEqual({ a: expect.stringMatching(/^hash:[\w-]{22}$/) });
    const rules = (name: string) =>
      book().rulesFor({ ...viewWith([mask({ fields: ['a'], how: 'hash' })]), name }, TOOL, somebody(), []);
    expect(rules('one')?.digest('alice')).not.toBe(rules('two')?.digest('alice'));
  });

  it('block refuses the whole answer, and says which mask and field it was', () => {
    expect(() => masked({ a: 1 }, { fields: ['a'], how: 'block', name: 'no-a' })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_BLOCKED', message: expect.stringMatching(/`no-a`.*`a`/) }),
    );
  });
});

describe('a pattern', () => {
  it.each<[name: string, value: JsonValue, expected: JsonValue]>([
    ['in a sentence', `pay ${PAN} now`, 'pay ••• now'],
    ['in a member', { note: PAN }, { note: '•••' }],
    ['in JSON in a text', JSON.stringify({ a: PAN }), '{"a":"•••"}'],
    ['in JSON in JSON in a text', JSON.stringify({ a: JSON.stringify([PAN]) }), '{"a":"[\\"•••\\"]"}'],
    ['behind an escape', '{"a":"\\u00341111111 11111111"}'.replace(' ', ''), '{"a":"•••"}'],
    ['in lines of JSON', `{"a":"${PAN}"}\n{"a":1}\nplain ${PAN}`, '{"a":"•••"}\n{"a":1}\nplain •••'],
    ['in an event stream', `event: x\ndata: {"a":"${PAN}"}\n\n`, 'event: x\ndata: {"a":"•••"}\n\n'],
    ['as a number', [4111111111111111, 17], [null, 17]],
    ['as a number in a text', '{"a":4111111111111111,"b":12345678901234567890}', '{"a":null,"b":12345678901234567890}'],
    ['percent-encoded', 'n=4111%201111%201111%201111&x', 'n=•••&x'],
    ['in base64', `x ${Buffer.from(`pan ${PAN}`).toString('base64')}`, 'x •••'],
  ])('is covered %s', (_, value, expected) => {
    expect(masked(value, { patterns: ['card'] })).toEqual(expected);
  });

  it('leaves names of members as they are: values alone are covered', () => {
    expect(masked({ [PAN]: 1 }, { patterns: ['card'] })).toEqual({ [PAN]: 1 });
  });

  it('last4 shows the last four digits of a card', () => {
    expect(masked(`${PAN}.`, { patterns: ['card'], how: 'last4' })).toBe('•••1111.');
  });

  it('hash is the same for every spelling', () => {
    const hash = (text: string) => masked(text, { patterns: ['card', 'email', 'iban'], how: 'hash' });
    expect(hash(PAN)).toBe(hash('4111-1111-1111-1111'));
    expect(hash('Alice@Example.com')).toBe(hash('alice@example.com'));
    expect(hash('DE89370400440532013000')).toBe(hash('de89 3704 0044 0532 0130 00'));
  });

  it('of one’s own is covered, and a text that takes it too long is not given', () => {
    const own = { patterns: [{ regex: 'EMP-[0-9]{6}', ignoreCase: true }] };
    expect(masked('of emp-123456', own)).toBe('of •••');
    expect(() => masked('a'.repeat(100_000), { patterns: [{ regex: '(a+)+b' }] })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_BLOCKED', message: expect.stringMatching(/in time/) }),
    );
  });

  it('block refuses the answer', () => {
    expect(() => masked([[`x ${PAN}`]], { patterns: ['card'], how: 'block' })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_BLOCKED' }),
    );
  });
});

describe('where several meet, the strictest holds', () => {
  it.each<[one: Record<string, unknown>, other: Record<string, unknown>, expected: JsonValue]>([
    [{ fields: ['a'], how: 'last4' }, { fields: ['a'], how: 'redact' }, { a: '•••' }],
    [{ fields: ['a'], how: 'redact' }, { fields: ['a'], how: 'remove' }, {}],
    [{ fields: ['a'], how: 'last4' }, { patterns: ['card'], how: 'redact' }, { a: '•••' }],
    [{ patterns: ['card'], how: 'last4' }, { patterns: [{ regex: '[0-9 ]{10,}' }], how: 'remove' }, { a: '' }],
  ])('%j and %j', (one, other, expected) => {
    for (const both of [
      [one, other],
      [other, one],
    ])
      expect(masked({ a: PAN }, ...both)).toEqual(expected);
  });

  it('what is covered is counted by mask, and nothing else is told', () => {
    const masking = maskingWith({ name: 'pans', patterns: ['card'] }, { name: 'ids', fields: ['id'] });
    masking.json({ id: 'x', note: `${PAN} and ${PAN}`, list: [{ id: 'y' }] });
    expect(Object.fromEntries(masking.tally)).toEqual({ pans: 2, ids: 2 });
  });
});

describe('JSON in a text', () => {
  it('hides no field behind a second one of the same name', () => {
    expect(masked('{"ssn":"x","ssn":null}', { fields: ['ssn'] })).toBe('{"ssn":null}');
    expect(masked('{"a":{"ssn":"x"},"a":{}}', { fields: ['ssn'] })).toBe('{"a":{}}');
  });

  it('is the same text, character for character, where nothing is covered', () => {
    const text = '{ "a" : 1.50,\n "b":[ ] }';
    expect(masked(text, { fields: ['ssn'], patterns: ['card'] })).toBe(text);
  });

  it('is followed from where it stands, and from its own root', () => {
    const inside = JSON.stringify({ ssn: 'x', b: { c: 'y' } });
    expect(masked({ payload: inside }, { fields: ['payload.ssn', 'b.c'] })).toEqual({
      payload: '{"ssn":"•••","b":{"c":"•••"}}',
    });
  });

  it('that nests beyond all use is not given', () => {
    const text = `${'['.repeat(5000)}"${PAN}"${']'.repeat(5000)}`;
    expect(() => masked(text, { patterns: ['card'] })).toThrow(expect.objectContaining({ code: 'OUTPUT_BLOCKED' }));
  });
});

describe('every part of an answer', () => {
  const masking = () => maskingWith({ patterns: ['card'], fields: ['ssn'] });

  it('is covered: rows, values, content, what is embedded and what is linked', () => {
    expect(masking().output({ kind: 'rows', rows: [{ ssn: '1', note: PAN, n: 1 }] })).toEqual({
      kind: 'rows',
      rows: [{ ssn: '•••', note: '•••', n: 1 }],
    });
    expect(masking().output({ kind: 'value', value: PAN })).toEqual({ kind: 'value', value: '•••' });
    const blob = Buffer.from(`pan,${PAN}\n`).toString('base64');
    const output = masking().output({
      kind: 'content',
      structuredContent: { ssn: 'x' },
      _meta: { note: PAN },
      content: [
        { type: 'text', text: `{"ssn":"x","pan":"${PAN}"}` },
        { type: 'resource', resource: { uri: 'a:b', text: PAN } },
        { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/csv', blob } },
        { type: 'resource_link', uri: 'a:b', name: 'b', description: PAN },
        { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
      ],
    });
    expect(JSON.stringify(output)).not.toContain('4111');
    expect(output).toMatchObject({
      structuredContent: { ssn: '•••' },
      _meta: { note: '•••' },
      content: [
        { text: '{"ssn":"•••","pan":"•••"}' },
        { resource: { text: '•••' } },
        { resource: { blob: Buffer.from('pan,•••\n').toString('base64') } },
        { description: '•••' },
        { data: 'iVBORw0KGgo=' },
      ],
    });
  });

  it('is the same object where there is nothing to cover', () => {
    const output = { kind: 'content', content: [{ type: 'text', text: 'nothing' }] } as const;
    expect(masking().output(output)).toBe(output);
  });
});

describe('who sees what', () => {
  const rulesFor = (masks: readonly Record<string, unknown>[], more = {}, asked: readonly string[] = [], tool = TOOL) =>
    book().rulesFor(viewWith(masks.map((one) => mask(one))), tool, somebody(more), asked);

  it('no mask, no work', () => {
    expect(rulesFor([])).toBeUndefined();
    expect(rulesFor([{ patterns: ['card'], tools: ['another'] }])).toBeUndefined();
    expect(rulesFor([{ patterns: ['card'], when: 'asked' }])).toBeUndefined();
  });

  it('holders of the excepted roles and groups do, wherever those are held', () => {
    const masks = [{ patterns: ['card'], exceptRoles: ['auditor'], exceptGroups: ['fraud'] }];
    expect(rulesFor(masks)).toBeDefined();
    expect(rulesFor(masks, { roles: ['auditor'] })).toBeUndefined();
    expect(rulesFor(masks, { groups: ['fraud'] })).toBeUndefined();
    expect(rulesFor(masks, { grants: [{ role: 'auditor', namespace: 'elsewhere' }] })).toBeDefined();
  });

  it('tools are selected by name, toolset or tag', () => {
    const tagged = { ...testTool({ name: 'tagged', run: async () => ({ kind: 'value', value: 1 }) }), tags: ['pci'] };
    expect(rulesFor([{ patterns: ['card'], tags: ['pci'] }], {}, [], tagged)).toBeDefined();
    expect(rulesFor([{ patterns: ['card'], tags: ['pci'] }])).toBeUndefined();
    expect(rulesFor([{ patterns: ['card'], tools: ['tool'] }])).toBeDefined();
  });

  it('what a permit asks for holds for everybody, and is a mask or a known pattern', () => {
    const masks = [{ name: 'ids', fields: ['id'], when: 'asked' }];
    expect(rulesFor(masks, { roles: ['admin'] }, ['ids'])?.fields).toHaveLength(1);
    expect(rulesFor(masks, {}, ['card', 'email'])?.texts.map(({ mask: name }) => name)).toEqual(['card', 'email']);
  });

  it('a mask that a permit asks for and that there is not is a refusal', () => {
    expect(() => rulesFor([], {}, ['cards'])).toThrow(expect.objectContaining({ code: 'OUTPUT_BLOCKED' }));
  });

  it('rules of a tool are worked out once, and once for each caller where that matters', () => {
    const masks = [mask({ patterns: ['card'] })];
    const [view, one] = [viewWith(masks), book()];
    expect(one.rulesFor(view, TOOL, somebody(), [])).toBe(one.rulesFor(view, TOOL, somebody(), []));
    const excepting = viewWith([mask({ patterns: ['card'], exceptRoles: ['admin'] })]);
    const caller = somebody();
    expect(one.rulesFor(excepting, TOOL, caller, [])).toBe(one.rulesFor(excepting, TOOL, caller, []));
  });
});

describe('invariants', () => {
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

  it('masking twice is masking once', () => {
    fc.assert(
      fc.property(json, (value) => {
        const masks = [{ patterns: ['card', 'email'] }, { fields: ['a', 'b.*'], how: 'redact' }];
        const once = masked(value, ...masks);
        expect(masked(once, ...masks)).toEqual(once);
      }),
    );
  });

  it('a secret at any place of any value is gone, in a text of JSON as well', () => {
    const place = fc.letrec<{ place: JsonValue }>((tie) => ({
      place: fc.oneof(
        { maxDepth: 5 },
        fc.constant(`x ${PAN} y`),
        fc.tuple(json, tie('place')).map(([one, other]) => [one, other] as JsonValue),
        fc.tuple(fc.string(), tie('place')).map(([name, value]): JsonValue => ({ [name]: value })),
        tie('place').map((value) => JSON.stringify(value)),
      ),
    })).place;
    fc.assert(
      fc.property(place, (value) => {
        expect(JSON.stringify(masked(value, { patterns: ['card'] }))).not.toContain('1111 1111');
      }),
    );
  });
});
