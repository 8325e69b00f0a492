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

/** Objects of one resource seen as another: kept once, read and written in both forms. */
export interface View {
  readonly resource: string;
  readonly of: string;
  readonly shown: (object: ApiObject) => ApiObject;
  readonly kept: (object: ApiObject) => ApiObject;
}

interface Version {
  readonly revision: number;
  readonly object: ApiObject | undefined;
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

export class Store {
  readonly #views: ReadonlyMap<string, View>;
  /** Not the first: a client that says 1 means one long gone. */
  revision = 100;
  /** The oldest revision that can still be read. */
  compacted = 0;
  readonly #versions = new Map<string, Map<string, Version[]>>();
  #history: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(views: readonly View[] = []) {
    this.#views = new Map(views.map((view) => [view.resource, view]));
  }

  get(resource: string, namespace: string, name: string): ApiObject | undefined {
    const view = this.#views.get(resource);
    const found = this.#resource(view?.of ?? resource)
      .get(keyOf(namespace, name))
      ?.at(-1)?.object;
    return found === undefined || view === undefined ? found : view.shown(found);
  }

  /** In the order of keys, as of a revision, which must not be compacted. */
  list(resource: string, namespace: string | undefined, revision = this.revision): ApiObject[] {
    const view = this.#views.get(resource);
    if (view !== undefined) return this.list(view.of, namespace, revision).map(view.shown);
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
    const view = this.#views.get(resource);
    if (view !== undefined) return view.shown(this.put(view.of, view.kept(object)));
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
    const view = this.#views.get(resource);
    if (view !== undefined) {
      const gone = this.remove(view.of, namespace, name);
      return gone === undefined ? undefined : view.shown(gone);
    }
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
    const seen = [...this.#views.values()]
      .filter((view) => view.of === change.resource)
      .map((view) => shownAs(view, change));
    this.#history.push(change, ...seen);
    for (const one of [change, ...seen]) for (const listener of this.#listeners) listener(one);
  }

  #resource(resource: string): Map<string, Version[]> {
    const known = this.#versions.get(resource) ?? new Map<string, Version[]>();
    this.#versions.set(resource, known);
    return known;
  }
}

const shownAs = ({ resource, shown }: View, change: Change): Change => ({
  ...change,
  resource,
  object: shown(change.object),
  ...(change.previous !== undefined && { previous: shown(change.previous) }),
});
