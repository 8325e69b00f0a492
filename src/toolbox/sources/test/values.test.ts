import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#kernel';
import {
  bigintValue,
  bytesValue,
  distinctNames,
  float32Value,
  floatValue,
  integerValue,
  jsonValue,
  rowMaker,
} from '../values.ts';

describe('database values as JSON', () => {
  it('gives every whole number exactly: as a number where JSON holds it, else as its text', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(integerValue(String(value))).toBe(bigintValue(value));
        expect(BigInt(integerValue(String(value)))).toBe(value);
      }),
    );
  });

  it.each([
    [0, 0],
    [-1.5, -1.5],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('gives the double %d as %j', (value, json) => {
    expect(floatValue(value)).toBe(json);
  });

  it('gives a 32-bit number as the shortest decimal that is the same one', () => {
    expect(float32Value(Math.fround(0.1))).toBe(0.1);
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(Math.fround(Number(float32Value(value)))).toBe(value + 0);
      }),
    );
  });

  it('gives bytes as base64, also of a view into a larger buffer', () => {
    expect(bytesValue(new Uint8Array([1, 2, 3, 255]).subarray(2))).toBe('A/8=');
  });

  it.each<[string, JsonValue]>([
    ['9007199254740993', '9007199254740993'],
    ['[9007199254740991, -12345678901234567890]', [9007199254740991, '-12345678901234567890']],
    ['{"a": 0.1234567890123456789}', { a: '0.1234567890123456789' }],
    ['[1e400, 1e-400, 1e20, 1.50, 100000000000000000000, 0.0000001]', ['1e400', '1e-400', 1e20, 1.5, 1e20, 1e-7]],
    ['{"__proto__": 12345678901234567890}', JSON.parse('{"__proto__": "12345678901234567890"}') as JsonValue],
    ['not json', 'not json'],
    ['', ''],
  ])('reads the document %s without rounding', (text, value) => {
    expect(jsonValue(text)).toEqual(value);
  });

  it('reads every document that JavaScript wrote as what it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonValue(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('column names', () => {
  it.each([
    [[], []],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      ['id', 'id', 'id'],
      ['id', 'id_2', 'id_3'],
    ],
    [
      ['id', 'id', 'id_2'],
      ['id', 'id_3', 'id_2'],
    ],
    [
      ['id_2', 'id', 'id'],
      ['id_2', 'id', 'id_3'],
    ],
    [
      ['', ''],
      ['', '_2'],
    ],
  ])('%j become %j', (columns, names) => {
    expect(distinctNames(columns)).toEqual(names);
  });

  it('are distinct, and a name that comes once is kept', () => {
    const column = fc.constantFrom('a', 'a_2', 'a_3', 'a_2_2', 'b', '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.array(column), (columns) => {
        const names = distinctNames(columns);
        expect(new Set(names).size).toBe(columns.length);
        for (const [index, name] of columns.entries()) {
          if (columns.indexOf(name) === columns.lastIndexOf(name)) expect(names[index]).toBe(name);
        }
        expect(Object.keys(rowMaker(columns)(columns.map((_, index) => index)))).toHaveLength(columns.length);
      }),
    );
  });
});
