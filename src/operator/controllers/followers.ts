/** The caches: a store and what keeps it, for each kind and namespace that is watched. */
import type { Clock, Logger } from '#kernel';
import {
  keyOf,
  ObjectStore,
  Reflector,
  resourceTitle,
  type ApiConnection,
  type ChangeHandler,
  type ClusterObserver,
  type ObjectName,
  type ObjectReader,
  type Resource,
  type Timers,
} from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { BY_OWNER, ownersOf } from './world.ts';

export interface FollowersOptions {
  readonly connection: ApiConnection;
  /** None: all. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: ClusterObserver;
}

export class Followers {
  readonly #options: FollowersOptions;
  readonly #signal: AbortSignal;
  readonly #reflectors: Reflector[] = [];
  readonly #running: Promise<void>[] = [];

  constructor(options: FollowersOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Follows a kind from now on. */
  follow(resource: Resource): { readonly reader: ObjectReader; readonly synced: Promise<unknown> } {
    const { namespaces, log, ...rest } = this.#options;
    const scopes = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
    const reflectors = scopes.map((scope) => {
      const failed = (error: unknown): void =>
        log.error({ err: error, resource: resourceTitle(resource) }, 'a change could not be looked at');
      const store = new ObjectStore({ indexes: { [BY_OWNER]: ownersOf }, failed });
      return new Reflector({ ...rest, log, resource, scope, store });
    });
    this.#reflectors.push(...reflectors);
    this.#running.push(...reflectors.map((reflector) => reflector.run(this.#signal)));
    return {
      reader: new ReaderOfNamespaces(reflectors.map(({ store }) => store)),
      synced: Promise.all(reflectors.map(({ synced }) => synced)),
    };
  }

  get isSynced(): boolean {
    return this.#reflectors.every(({ isSynced }) => isSynced);
  }

  /** The stalest of each kind. */
  staleness(): readonly { readonly resource: string; readonly ms: number }[] {
    const byKind = Map.groupBy(this.#reflectors, ({ resource }) => resourceTitle(resource));
    return Array.from(byKind, ([resource, all]) => ({
      resource,
      ms: Math.max(...all.map((one) => one.stalenessMs())),
    }));
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** Stores of single namespaces, read as one. */
class ReaderOfNamespaces implements ObjectReader {
  readonly #stores: readonly ObjectStore[];

  constructor(stores: readonly ObjectStore[]) {
    this.#stores = stores;
  }

  get size(): number {
    return this.#stores.reduce((sum, { size }) => sum + size, 0);
  }

  get(name: ObjectName | string): KubernetesObject | undefined {
    const key = typeof name === 'string' ? name : keyOf(name);
    for (const store of this.#stores) {
      const found = store.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  list(namespace?: string): readonly KubernetesObject[] {
    return this.#stores.flatMap((store) => store.list(namespace));
  }

  by(index: string, value: string): readonly KubernetesObject[] {
    return this.#stores.flatMap((store) => store.by(index, value));
  }

  subscribe(handler: ChangeHandler): () => void {
    const ends = this.#stores.map((store) => store.subscribe(handler));
    return () => {
      for (const end of ends) end();
    };
  }
}
