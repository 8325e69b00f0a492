/** All resources served now: the built-in ones and those of the definitions that are stored. */
import type { ApiObject } from './json.ts';
import { type ResourceType, resourceKey } from './resource-type.ts';
import type { Store } from './store.ts';
import { webhookConfiguration } from './types/admission-registration.ts';
import { cluster } from './types/cluster.ts';
import { core } from './types/core.ts';
import { definitionType, servedTypes } from './types/definitions.ts';
import { networking } from './types/networking.ts';
import { reviews } from './types/reviews.ts';
import { workloads } from './types/workloads.ts';

const builtIns: readonly ResourceType[] = [
  ...core,
  ...workloads,
  ...networking,
  ...cluster,
  ...reviews,
  webhookConfiguration,
  definitionType,
];

export class Registry {
  readonly #store: Store;
  readonly #made = new WeakMap<ApiObject, ResourceType[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  all(): ResourceType[] {
    const definitions = this.#store.list(resourceKey(definitionType), '');
    return [...builtIns, ...definitions.flatMap((definition) => this.#typesOf(definition))];
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.all().find((type) => type.group === group && type.version === version && type.plural === plural);
  }

  #typesOf(definition: ApiObject): ResourceType[] {
    const known = this.#made.get(definition) ?? servedTypes(definition);
    this.#made.set(definition, known);
    return known;
  }
}
