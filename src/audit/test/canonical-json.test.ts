import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../record/canonical-json.ts';

const double = (bits: string): number => Buffer.from(bits, 'hex').readDoubleBE();

describe('canonical JSON', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s as RFC 8785 appendix B has it: %s', (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
  });

  it('orders keys by UTF-16 code units, not by code points (RFC 8785 §3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const order = [...canonicalJson(value).matchAll(/:"(.*?)"/g)].map(([, text]) => text);
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('writes the sample of RFC 8785 §3.2.2 as §3.2.3 has it', () => {
    const sample = `{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
      "string":"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}`;
    expect(canonicalJson(JSON.parse(sample))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('orders keys that look like numbers as text, which objects themselves do not', () => {
    expect(canonicalJson({ 10: 'b', 9: 'c', 1: 'a' })).toBe('{"1":"a","10":"b","9":"c"}');
  });

  it('takes arguments that were checked, which are of a class that inherits nothing', () => {
    const Arguments = function () {} as unknown as new () => Record<string, number>;
    Arguments.prototype = Object.freeze(Object.create(null));
    expect(canonicalJson(Object.assign(new Arguments(), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
  });

  it('has an own `__proto__` like any other member', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"x":2}}'))).toBe('{"__proto__":{"x":2},"b":1}');
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['half a surrogate pair', 'a\ud800'],
    ['half a surrogate pair in a key', { '\udead': 1 }],
    ['undefined in an array', [undefined]],
    ['a bigint', 1n],
    ['a Map', new Map()],
    [
      'an instance of a class with members of its own',
      new (class {
        readonly a = 1;
      })(),
    ],
    ['what inherits members', Object.create({ a: 1 })],
    ['nesting without end', JSON.parse('['.repeat(300) + ']'.repeat(300))],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it('gives one text to equal values and reads back as the value, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = canonicalJson(value);
        const read: unknown = JSON.parse(text);
        expect(canonicalJson(read)).toBe(text);
        expect(canonicalJson(reversed(value))).toBe(text);
        // -0 is 0 in the scheme; everything else survives.
        expect(read).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });

  it('orders any two keys as their big-endian UTF-16 bytes', () => {
    const units = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        fc.pre(left !== right);
        const first = Buffer.compare(units(left), units(right)) < 0 ? left : right;
        expect(canonicalJson({ [left]: 0, [right]: 0 }).startsWith(`{${JSON.stringify(first)}:`)).toBe(true);
      }),
    );
  });
});

/** The same value with every object's members in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toReversed();
  const turned = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of members) turned[key] = reversed(member);
  return turned;
}
