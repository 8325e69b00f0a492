import { describe, expect, it } from 'vitest';
import { structuralFaults } from './structural-rules.fixture.ts';

const around = (field: object, more: object = {}) => ({ type: 'object', properties: { a: field }, ...more });
const rule = (text: string, more: object = {}) => ({
  'x-kubernetes-validations': [{ rule: text, message: 'no', ...more }],
});
const small = { type: 'string', maxLength: 3 };

describe('the checker of structural schemas finds', () => {
  it.each([
    ['a field without a type', around({}), 'the type is'],
    ['a reference', around({ ...small, $ref: '#/x' }), '`$ref` is forbidden'],
    ['properties beside additionalProperties', around(small, { additionalProperties: small }), 'exclude each other'],
    ['a type in a junctor', around({ ...small, allOf: [{ type: 'string' }] }), '`type` stands in a junctor'],
    ['a required field that is not there', around(small, { required: ['b'] }), '`b` is required'],
    ['a default that the field refuses', around({ ...small, default: 'long' }), 'the default'],
    ['a text, a list, a mapping without a bound', around({ type: 'string' }), 'no maxLength'],
    ['a set of objects', list('set', around(small)), 'scalars'],
    ['a map whose key may be left out', list('map', around(small), ['a']), 'may be left out'],
    ['a change that is asked of entries of a set', list('set', { ...small, ...rule('self == oldSelf') }), 'not paired'],
    ['a path of a rule that leads nowhere', around(small, rule('true', { fieldPath: '.b' })), 'leads nowhere'],
    ['an identifier that CEL keeps for itself', around(small, rule('self.namespace == 1')), 'not escaped'],
  ])('%s', (_, schema, says) => {
    expect(structuralFaults(schema).join('\n')).toContain(says);
  });
});

function list(type: string, items: object, keys?: readonly string[]) {
  return around({
    ...{ type: 'array', maxItems: 3, items, 'x-kubernetes-list-type': type },
    ...(keys !== undefined && { 'x-kubernetes-list-map-keys': keys }),
  });
}
