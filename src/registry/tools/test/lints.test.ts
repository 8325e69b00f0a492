import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CatalogueTool } from '#contract';
import { lintTool } from '../lints.ts';
import { isOneSlipAway, LookAlikes } from '../look-alikes.ts';

const TOOL: CatalogueTool = {
  ...{
    namespace: 'default',
    name: 'orders',
    type: 'http',
    origin: 'registered',
    source: 'shop',
    tags: [],
    title: undefined,
  },
  description: 'Lists the open orders of a city.',
  inputSchema: { type: 'object', properties: { city: { type: 'string', description: 'Where.', maxLength: 40 } } },
  ...{
    outputSchema: undefined,
    scopesRequired: [],
    argumentTypes: {},
    secureParameters: [],
    _meta: undefined,
    authRequired: [],
  },
  annotations: { readOnlyHint: true },
  entry: {
    ...{ owner: undefined, version: undefined, status: 'active', replacedBy: undefined, examples: [] },
    ...{ supportContact: undefined, documentationUrl: undefined, authDocumentation: undefined, decoy: false },
  },
  ...{ definedBy: 'document', pins: undefined },
  mayWrite: () => false,
  foundation: () => ({
    egress: ['https://shop.test'],
    body: {},
    credential: { way: 'vault', inTheClear: false },
    writes: false,
  }),
};
const foundation = (more: Partial<ReturnType<CatalogueTool['foundation']>>) => ({
  foundation: () => ({ ...TOOL.foundation(), ...more }),
});
const schema = (city: object) => ({
  inputSchema: { type: 'object', properties: { city: { ...city } } } as CatalogueTool['inputSchema'],
});

test('nothing is to be said of a tool that says everything', () => {
  expect(lintTool(TOOL)).toEqual([]);
});

test.each<readonly [string, Partial<CatalogueTool>, string]>([
  ['no description of a parameter', schema({ type: 'string', maxLength: 4 }), 'error parameter-description'],
  ['no type', schema({ description: 'Where.' }), 'error parameter-type'],
  ['text of any length', schema({ type: 'string', description: 'Where.' }), 'warning parameter-limit'],
  [
    'a list of any length',
    schema({ type: 'array', description: 'Where.', items: { type: 'integer' } }),
    'warning parameter-limit',
  ],
  [
    'items of any length',
    schema({ type: 'array', description: 'Where.', maxItems: 2, items: { type: 'string' } }),
    'warning parameter-limit',
  ],
  ['a description without end', { description: 'x'.repeat(5000) }, 'error description-length'],
  ['a description of a word', { description: 'Orders.' }, 'warning description-length'],
  ['a harmless hint on a writing statement', foundation({ writes: true }), 'error annotation-fits'],
  ['a harmless hint that nothing keeps', { mayWrite: () => true }, 'warning annotation-fits'],
  [
    'a credential in the query',
    foundation({ credential: { way: 'query', inTheClear: false } }),
    'warning credential-strength',
  ],
  [
    'a credential in a header of the file',
    foundation({ credential: { way: 'header', inTheClear: false } }),
    'warning credential-strength',
  ],
  [
    'a credential in the clear',
    foundation({ credential: { way: 'vault', inTheClear: true } }),
    'warning credential-strength',
  ],
  ['a token of its own and no word how to get one', { authRequired: ['idp'] }, 'error auth-documentation'],
  ['scopes and no word how to get them', { scopesRequired: ['orders'] }, 'warning auth-documentation'],
  ['hidden text', { description: 'Lists the open\u200b orders.' }, 'warning finding-hidden'],
])('%s', (_, more, said) => {
  expect(lintTool({ ...TOOL, ...more }).map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([said]);
});

describe('names that look alike', () => {
  test.each([
    ['get_user', 'getUser'],
    ['get_user', 'get-user'],
    ['get_user', 'getuser'],
    ['list_orders', '1ist_orders'],
    ['list_orders', 'Iist_orders'],
    ['orders0', 'ordersO'],
    ['intern_mail', 'intem_mail'],
    ['window', 'vvindovv'],
  ])('%s and %s', (one, other) => {
    expect([new LookAlikes([one]).of(other), new LookAlikes([other]).of(one)]).toEqual([one, other]);
  });

  test.each([
    ['get_user', 'get_users'],
    ['get_mail', 'get_mali'],
    ['a.b', 'a.c'],
    ['orders', 'order'],
  ])('not %s and %s', (one, other) => {
    expect(new LookAlikes([one]).of(other)).toBeUndefined();
  });

  test('a name looks like itself in another case, and never counts as its own twin (property)', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,30}$/), (name) => {
        expect(new LookAlikes([name]).of(name)).toBeUndefined();
        const other = name.toUpperCase() === name ? name.toLowerCase() : name.toUpperCase();
        if (other !== name) expect(new LookAlikes([name]).of(other)).toBe(name);
      }),
    );
  });

  test.each([
    ['orders', 'order', true],
    ['orders', 'ordres', true],
    ['orders', 'orderz', true],
    ['orders', 'orders', false],
    ['orders', 'invoices', false],
    ['ab', 'ba', true],
    ['abcd', 'badc', false],
  ])('%s and %s are one slip apart: %s', (one, other, isSlip) => {
    expect([isOneSlipAway(one, other), isOneSlipAway(other, one)]).toEqual([isSlip, isSlip]);
  });
});
