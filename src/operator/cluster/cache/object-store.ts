/** The objects of one kind as they were last seen: frozen, indexed, and told of when they change. */
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { keyOf, type ObjectName } from '../resource.ts';
import { deepFrozen } from './freeze.ts';
import { ObjectIndex, type IndexFunction } from './object-index.ts';
import { isOlder, later } from './version.ts';

/** `previous` is what stood there before; an object that took the name of another is a `deleted` and an `added`. */
export type ObjectChange =
  | { readonly type: 'added'; readonly object: KubernetesObject; readonly previous?: undefined }
  | { readonly type: 'updated'; readonly object: KubernetesObject; readonly previous: KubernetesObject }
  | { readonly type: 'deleted'; readonly object: KubernetesObject; readonly previous?: undefined };

export type ChangeHandler = (change: ObjectChange) => void;

/** What readers have of a store. */
export interface ObjectReader {
  get(name: ObjectName | string): KubernetesObject | undefined;
  list(namespace?: string): readonly KubernetesObject[];
  /** Objects under a value of an index, in the order of their keys. */
  by(index: string, value: string): readonly KubernetesObject[];
  /** Tells of all that is there as `added`, then of every change. Gives how to stop that. */
  subscribe(handler: ChangeHandler): () => void;
  readonly size: number;
}

export class ObjectStore implements ObjectReader {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #indexes: ReadonlyMap<string, ObjectIndex>;
  readonly #handlers = new Set<ChangeHandler>();
  readonly #failed: (error: unknown) => void;
  #version: string | undefined;

  /** `failed` is told what handlers and index functions throw: neither stops what is told to others. */
  constructor(options: {
    readonly indexes?: Readonly<Record<string, IndexFunction>>;
    readonly failed: (error: unknown) => void;
  }) {
    const { indexes = {}, failed } = options;
    this.#indexes = new Map(Object.entries(indexes).map(([name, valuesOf]) => [name, new ObjectIndex(valuesOf)]));
    this.#failed = failed;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(name: ObjectName | string): KubernetesObject | undefined {
    return this.#objects.get(typeof name === 'string' ? name : keyOf(name));
  }

  list(namespace?: string): readonly KubernetesObject[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  by(index: string, value: string): readonly KubernetesObject[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`the store has no index \`${index}\``);
    return found
      .keys(value)
      .toSorted((left, right) => (left < right ? -1 : 1))
      .flatMap((key) => this.#objects.get(key) ?? []);
  }

  subscribe(handler: ChangeHandler): () => void {
    for (const object of this.#objects.values()) this.#tell(handler, { type: 'added', object });
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /**
   * All there is, as of a version: what is missing was deleted while nobody looked. A list that is older than what is
   * known comes from a server whose state was put back, and counts as it is.
   */
  replace(items: readonly KubernetesObject[], version: string): void {
    const putBack = isOlder(version, this.#version);
    const kept = new Set(items.map(({ metadata }) => keyOf(metadata)));
    this.#version = version;
    for (const [key, object] of this.#objects) if (!kept.has(key)) this.#drop(key, object);
    for (const item of items) this.#put(item, putBack);
  }

  /** Was added or changed. */
  put(object: KubernetesObject): void {
    this.#version = later(this.#version, object.metadata.resourceVersion ?? '');
    this.#put(object, false);
  }

  /** Was deleted; the object as it last was, with the version of its end. */
  remove(object: KubernetesObject): void {
    const { metadata } = object;
    this.#version = later(this.#version, metadata.resourceVersion ?? '');
    const key = keyOf(metadata);
    const known = this.#objects.get(key);
    if (known === undefined || isOlder(metadata.resourceVersion, known.metadata.resourceVersion)) return;
    this.#drop(key, known.metadata.uid === metadata.uid ? deepFrozen(object) : known);
  }

  #put(given: KubernetesObject, putBack: boolean): void {
    const object = deepFrozen(given);
    const key = keyOf(object.metadata);
    const known = this.#objects.get(key);
    const { resourceVersion } = object.metadata;
    if (known !== undefined) {
      if (!putBack && isOlder(resourceVersion, known.metadata.resourceVersion)) return;
      if (known.metadata.uid !== object.metadata.uid) this.#drop(key, known);
      else if (resourceVersion !== undefined && resourceVersion === known.metadata.resourceVersion) return;
    }
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) this.#attempt(() => index.put(key, object));
    this.#tellAll(previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous });
  }

  #drop(key: string, object: KubernetesObject): void {
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.remove(key);
    this.#tellAll({ type: 'deleted', object });
  }

  #tellAll(change: ObjectChange): void {
    for (const handler of this.#handlers) this.#tell(handler, change);
  }

  #tell(handler: ChangeHandler, change: ObjectChange): void {
    this.#attempt(() => handler(change));
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }
}
