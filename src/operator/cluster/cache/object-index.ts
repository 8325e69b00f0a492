/** Objects by values that a function reads from each: by owner, by what they refer to. */
import type { KubernetesObject } from '../../kubernetes-object.ts';

export type IndexFunction = (object: KubernetesObject) => readonly string[];

export class ObjectIndex {
  readonly #valuesOf: IndexFunction;
  readonly #keys = new Map<string, Set<string>>();
  readonly #values = new Map<string, readonly string[]>();

  constructor(valuesOf: IndexFunction) {
    this.#valuesOf = valuesOf;
  }

  /** Keys of the objects that have the value. */
  keys(value: string): readonly string[] {
    return [...(this.#keys.get(value) ?? [])];
  }

  /** Throws what the function throws; the object is then under no value. */
  put(key: string, object: KubernetesObject): void {
    this.remove(key);
    const values = [...new Set(this.#valuesOf(object))];
    this.#values.set(key, values);
    for (const value of values) {
      const keys = this.#keys.get(value) ?? new Set();
      this.#keys.set(value, keys.add(key));
    }
  }

  remove(key: string): void {
    for (const value of this.#values.get(key) ?? []) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
    this.#values.delete(key);
  }
}
