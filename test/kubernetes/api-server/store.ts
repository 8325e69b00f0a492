/** One revisioned store for all objects, with the history watches and older lists read, until it is compacted. */
import type { ApiObject } from './json.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly object: ApiObject;
  readonly previous?: ApiObject;
}

interface Version {
  readonly revision: number;
  readonly object: ApiObject | undefined;
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

export class Store {
  /** Not the first: a client that says 1 means one long gone. */
  revision = 100;
  /** The oldest revision that can still be read. */
  compacted = 0;
  readonly #versions = new Map<string, Map<string, Version[]>>();
  #history: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

  get(resource: string, namespace: string, name: string): ApiObject | undefined {
    return this.#resource(resource).get(keyOf(namespace, name))?.at(-1)?.object;
  }

  /** In the order of keys, as of a revision, which must not be compacted. */
  list(resource: string, namespace: string | undefined, revision = this.revision): ApiObject[] {
    const all = this.#resource(resource);
    return [...all.keys()]
      .filter((key) => namespace === undefined || key.startsWith(`${namespace}/`))
      .toSorted((left, right) => (left < right ? -1 : 1))
      .flatMap((key) => {
        const object = all.get(key)?.findLast((version) => version.revision <= revision)?.object;
        return object === undefined ? [] : [object];
      });
  }

  put(resource: string, object: ApiObject): ApiObject {
    const { namespace = '', name = '' } = object.metadata;
    const previous = this.get(resource, namespace, name);
    const stored = this.#stamp(object);
    this.#keep(resource, namespace, name, stored);
    this.#tell({
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      revision: this.revision,
      resource,
      namespace,
      object: stored,
      ...(previous === undefined ? {} : { previous }),
    });
    return stored;
  }

  remove(resource: string, namespace: string, name: string): ApiObject | undefined {
    const previous = this.get(resource, namespace, name);
    if (previous === undefined) return undefined;
    const object = this.#stamp(previous);
    this.#keep(resource, namespace, name, undefined);
    this.#tell({ type: 'DELETED', revision: this.revision, resource, namespace, object, previous });
    return object;
  }

  after(resource: string, revision: number): Change[] {
    return this.#history.filter((change) => change.resource === resource && change.revision > revision);
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets what led to the present state, as etcd does every five minutes. */
  compact(): void {
    this.compacted = this.revision;
    this.#history = [];
    for (const all of this.#versions.values())
      for (const [key, versions] of all) {
        const last = versions.at(-1);
        if (last?.object === undefined) all.delete(key);
        else all.set(key, [last]);
      }
  }

  #stamp(object: ApiObject): ApiObject {
    this.revision++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } };
  }

  #keep(resource: string, namespace: string, name: string, object: ApiObject | undefined): void {
    const all = this.#resource(resource);
    const key = keyOf(namespace, name);
    all.set(key, [...(all.get(key) ?? []), { revision: this.revision, object }]);
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  #resource(resource: string): Map<string, Version[]> {
    const known = this.#versions.get(resource) ?? new Map<string, Version[]>();
    this.#versions.set(resource, known);
    return known;
  }
}
