import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseStrictJson } from '../strict-json.ts';

const parse = (text: string, maxDepth = 64) => parseStrictJson(Buffer.from(text), { maxDepth });

describe('strict JSON', () => {
  it('reads what JSON.parse reads, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text, 10_000)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it('refuses an object with a key twice, wherever it stands and however it is spelled', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.nat(3), (key, one, other, depth) => {
        const escaped = `"${Array.from(key)
          .map((unit) => (unit.length === 1 ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : unit))
          .join('')}"`;
        const object = `{${JSON.stringify(key)}:${JSON.stringify(one)},${escaped}:${JSON.stringify(other)}}`;
        const text = `${'[{"x":'.repeat(depth)}${object}${'}]'.repeat(depth)}`;
        expect(parse(text, 10_000)).toEqual({ ok: false, error: 'an object has the same key twice' });
      }),
    );
  });

  it('ends on any bytes with a value or a reason', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = parseStrictJson(Buffer.from(bytes));
        expect(read.ok ? true : read.error.length > 0).toBe(true);
      }),
    );
  });

  it.each([
    ['65 levels', '['.repeat(65) + ']'.repeat(65), 'the text nests deeper than 64 levels'],
    ['brackets inside text', `"${'['.repeat(500)}"`, undefined],
    ['escaped quotes inside text', String.raw`{"a\"[[[":"\\","b":1}`, undefined],
    ['a key `__proto__`', '{"__proto__":{"a":1}}', undefined],
    ['a byte order mark', '\uFEFF{}', /Unexpected token/],
  ])('%s', (_, text, reason) => {
    const read = parse(text);
    if (reason === undefined) expect(read.ok).toBe(true);
    else
      expect(read).toEqual({ ok: false, error: typeof reason === 'string' ? reason : expect.stringMatching(reason) });
  });

  it('keeps `__proto__` an own member and the prototype untouched', () => {
    const read = parse('{"__proto__":{"isAdmin":true}}');
    expect(read.ok && Object.keys(read.value as object)).toEqual(['__proto__']);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});
