/** What a store holds and tells, whatever comes in which order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { ObjectStore, type ObjectChange } from '../cache/index.ts';

const object = (name: string, uid: string, version: number, labels: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n', uid, resourceVersion: String(version), labels },
});

function storeWith(...items: KubernetesObject[]) {
  const changes: string[] = [];
  const store = new ObjectStore({
    failed: (error) => {
      throw error;
    },
    indexes: { label: ({ metadata }) => Object.values(metadata.labels ?? {}) },
  });
  for (const item of items) store.put(item);
  const told = ({ type, object: { metadata } }: ObjectChange) =>
    changes.push(`${type} ${metadata.uid}@${metadata.resourceVersion}`);
  store.subscribe(told);
  changes.length = 0;
  return { store, changes };
}

describe('a store', () => {
  const known = object('a', 'u1', 10);
  it.each<[string, (store: ObjectStore) => void, string[]]>([
    ['a new object is added', (store) => store.put(object('b', 'u2', 11)), ['added u2@11']],
    ['a later version is an update', (store) => store.put(object('a', 'u1', 11)), ['updated u1@11']],
    ['the same version is nothing', (store) => store.put(object('a', 'u1', 10)), []],
    ['an older version is nothing', (store) => store.put(object('a', 'u1', 9)), []],
    ['a version with fewer digits is older', (store) => store.put(object('a', 'u1', 9)), []],
    [
      'another uid is a delete and an add',
      (store) => store.put(object('a', 'u2', 11)),
      ['deleted u1@10', 'added u2@11'],
    ],
    ['an older object of another uid is nothing', (store) => store.put(object('a', 'u0', 9)), []],
    ['a delete is told with the last of it', (store) => store.remove(object('a', 'u1', 12)), ['deleted u1@12']],
    ['a delete from before is nothing', (store) => store.remove(object('a', 'u0', 9)), []],
    ['a delete of what is unknown is nothing', (store) => store.remove(object('b', 'u2', 12)), []],
    ['what is missing in a list was deleted', (store) => store.replace([], '12'), ['deleted u1@10']],
    [
      'a list adds, updates and deletes',
      (store) => store.replace([object('b', 'u2', 11), object('a', 'u1', 12)], '12'),
      ['added u2@11', 'updated u1@12'],
    ],
    [
      'a list of a state that was put back counts as it is',
      (store) => store.replace([object('a', 'u1', 5)], '6'),
      ['updated u1@5'],
    ],
  ])('%s', (_, act, told) => {
    const { store, changes } = storeWith(known);
    act(store);
    expect(changes).toStrictEqual(told);
  });

  it('is frozen through and through: what readers share nobody changes', () => {
    const { store } = storeWith(object('a', 'u1', 1, { of: 'x' }));
    const held = store.get('n/a') as unknown as { metadata: { labels: Record<string, string> } };
    expect(() => (held.metadata.labels['of'] = 'y')).toThrow(TypeError);
  });

  it('finds objects by what an index says of them, as they are now', () => {
    const { store } = storeWith(object('a', 'u1', 1, { of: 'x' }), object('b', 'u2', 2, { of: 'x', to: 'y' }));
    const names = (value: string) => store.by('label', value).map(({ metadata }) => metadata.name);
    expect([names('x'), names('y'), names('z')]).toStrictEqual([['a', 'b'], ['b'], []]);
    store.put(object('a', 'u1', 3, { of: 'z' }));
    store.remove(object('b', 'u2', 4));
    expect([names('x'), names('y'), names('z')]).toStrictEqual([[], [], ['a']]);
  });

  it('tells whoever comes late of all there is', () => {
    const { store } = storeWith(known);
    const late: string[] = [];
    const leave = store.subscribe(({ type }) => late.push(type));
    leave();
    store.put(object('b', 'u2', 11));
    expect(late).toStrictEqual(['added']);
  });

  it('whoever follows the changes has what the store has, and versions of an object only grow', () => {
    const step = fc.record({
      act: fc.constantFrom('put', 'remove', 'replace'),
      names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      uid: fc.constantFrom('u', 'v'),
      // As deliveries go: mostly onwards, sometimes of before.
      ahead: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { store } = storeWith();
        const followed = new Map<string, KubernetesObject>();
        store.subscribe(({ type, object: one, previous }) => {
          const { name, uid, resourceVersion } = one.metadata;
          const before = followed.get(name);
          expect(before !== undefined).toBe(type !== 'added');
          if (type === 'deleted') return followed.delete(name);
          if (type === 'updated') {
            expect([previous, uid]).toStrictEqual([before, before?.metadata.uid]);
            expect(Number(resourceVersion)).toBeGreaterThan(Number(before?.metadata.resourceVersion));
          }
          return followed.set(name, one);
        });
        let version = 100;
        for (const { act, names, uid, ahead } of steps) {
          const at = version + ahead;
          version = Math.max(version, at);
          const objects = names.map((name) => object(name, `${name}${uid}`, at));
          if (act === 'replace') store.replace(objects, String(version));
          else if (act === 'put') for (const one of objects) store.put(one);
          else for (const one of objects) store.remove(one);
        }
        expect([...followed.values()].toSorted(byName)).toStrictEqual([...store.list()].toSorted(byName));
      }),
    );
  });
});

const byName = (left: KubernetesObject, right: KubernetesObject): number =>
  left.metadata.name < right.metadata.name ? -1 : 1;
