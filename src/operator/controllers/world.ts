/** What is known of the cluster: the caches, and our objects among them as one snapshot. */
import type { CustomResourceKind } from '#contract/kubernetes';
import type { ObjectName, ObjectReader, Resource } from '../cluster/index.ts';
import { CONFIG_MAPS, keyOf as keyOfName } from '../cluster/index.ts';
import type { KindOf, KubernetesObject } from '../kubernetes-object.ts';
import { snapshotOf, type Snapshot } from '../references/index.ts';
import { incumbentsOf, isOwnerMap } from './incumbents.ts';
import { KINDS, OUR_RESOURCES } from './kinds.ts';
import { knownObject } from './known.ts';

/** Objects by the uid of who controls them. */
export const BY_OWNER = 'owner';

export const ownersOf = ({ metadata: { ownerReferences = [] } }: KubernetesObject): readonly string[] =>
  ownerReferences.flatMap(({ controller, uid }) => (controller === true ? [uid] : []));

const nameOf = ({ apiVersion, kind }: KindOf): string => `${apiVersion} ${kind}`;

export class World {
  readonly #readers: Map<string, ObjectReader>;
  #snapshot: Snapshot | undefined;

  constructor(readers: Iterable<readonly [Resource, ObjectReader]>) {
    this.#readers = new Map([...readers].map(([resource, reader]) => [nameOf(resource), reader]));
    const forget = (): void => void (this.#snapshot = undefined);
    for (const kind of KINDS) this.#reader(OUR_RESOURCES[kind])?.subscribe(forget);
    this.#reader(CONFIG_MAPS)?.subscribe(({ object }) => {
      if (isOwnerMap(object)) forget();
    });
  }

  /** A kind that is watched from now on. */
  add(resource: Resource, reader: ObjectReader): void {
    this.#readers.set(nameOf(resource), reader);
  }

  all(kind: CustomResourceKind): readonly KubernetesObject[] {
    return this.#reader(OUR_RESOURCES[kind])?.list() ?? [];
  }

  /** Our objects as they were last seen. Those that cannot be read are not among them. */
  snapshot(): Snapshot {
    this.#snapshot ??= snapshotOf(
      KINDS.flatMap((kind) =>
        (this.#reader(OUR_RESOURCES[kind])?.list() ?? []).flatMap((object) => {
          const known = knownObject(kind, object);
          return known.ok ? [known.value] : [];
        }),
      ),
      incumbentsOf(this.#reader(CONFIG_MAPS)?.list() ?? []),
    );
    return this.#snapshot;
  }

  ours(kind: CustomResourceKind, name: ObjectName | string): KubernetesObject | undefined {
    return this.#reader(OUR_RESOURCES[kind])?.get(name);
  }

  get(resource: KindOf, name: ObjectName): KubernetesObject | undefined {
    return this.#reader(resource)?.get(name);
  }

  /** Whether objects of the kind are watched: what is not known by now may be there otherwise. */
  isWatched(resource: KindOf): boolean {
    return this.#readers.has(nameOf(resource));
  }

  /** Everything that belongs to it. */
  childrenOf(uid: string): readonly KubernetesObject[] {
    return [...this.#readers.values()].flatMap((reader) => reader.by(BY_OWNER, uid));
  }

  #reader(resource: KindOf): ObjectReader | undefined {
    return this.#readers.get(nameOf(resource));
  }
}

export const sameName = (one: ObjectName, other: ObjectName): boolean => keyOfName(one) === keyOfName(other);
