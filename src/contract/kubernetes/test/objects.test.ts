import { describe, expect, it } from 'vitest';
import { CHANGES, OBJECTS } from '../../../../test/kubernetes/objects.ts';
import { CUSTOM_RESOURCES, transitionFaults, type CustomResourceKind } from '../index.ts';

const schemaOf = (object: { readonly kind?: unknown }) => CUSTOM_RESOURCES[object.kind as CustomResourceKind].schema;

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');

const parsed = (object: { readonly kind?: unknown }) => schemaOf(object).parse(object);

const faultsOf = (object: { readonly kind?: unknown }) =>
  (schemaOf(object).safeParse(object).error?.issues ?? []).map(({ path, message }) => ({ at: pathOf(path), message }));

describe('custom resources (chatelaine.dev/v1alpha1)', () => {
  it.each(OBJECTS.filter(({ refused }) => refused === undefined))('take $title', ({ object }) => {
    expect(faultsOf(object)).toStrictEqual([]);
  });

  it.each(OBJECTS.filter(({ refused }) => refused !== undefined))('refuse $title', ({ object, refused }) => {
    const faults = faultsOf(object);
    const fitting = faults.filter(({ at }) => at.startsWith(refused?.at ?? ''));
    expect(fitting, JSON.stringify(faults)).not.toStrictEqual([]);
    expect(fitting.map(({ message }) => message).join('\n')).toContain(refused?.says);
  });

  it.each(CHANGES)('judge a change: $title', ({ before, after, refused }) => {
    expect([...faultsOf(before), ...faultsOf(after)]).toStrictEqual([]);
    const faults = transitionFaults(schemaOf(after), parsed(after), parsed(before)).map(({ path, message }) => ({
      at: path.join('.'),
      message,
    }));
    expect(faults.map(({ at }) => at)).toStrictEqual(refused === undefined ? [] : [refused.at]);
    expect(faults.map(({ message }) => message).join('')).toContain(refused?.says ?? '');
  });

  it('refuse an object of another kind or version', () => {
    const [{ object } = { object: {} }] = OBJECTS;
    expect(faultsOf({ ...object, apiVersion: 'chatelaine.dev/v1' } as never)).not.toStrictEqual([]);
    expect(CUSTOM_RESOURCES.MCPServer.schema.safeParse(object).success).toBe(false);
  });
});
