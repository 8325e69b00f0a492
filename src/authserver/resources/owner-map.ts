import { canonicalResource, GATEWAY_OWNER } from '#contract';
import { underPublicOrigin } from '#resource-server';

/** Whose a resource is. */
export interface ResourceOwner {
  /** `namespace/name`. */
  readonly owner: string;
  /** The canonical URL: the audience of every token for it. */
  readonly resource: string;
  /** What may be asked for there. */
  readonly scopes: readonly string[];
  /** The upstreams whose tokens this owner may have. */
  readonly upstreams: readonly string[];
  /** Where it runs beside this server: who it is there. */
  readonly identity?: OwnerIdentity;
  /** It is the administrative API: whoever gives a program this gives away what they may change. */
  readonly administers?: true;
}

/** Who an owner is to whoever sees its certificate. */
export interface OwnerIdentity {
  /** The whole SPIFFE ID, in its one spelling. */
  readonly spiffeId: string;
  /** What tells it from an earlier one that had the same. */
  readonly uid?: string | undefined;
}

/** From resources to who owns them: the `OwnerMap` of the design. */
export interface OwnerMap {
  /** The owner of exactly that resource; undefined for any other, however much it looks like one. */
  resolve(resource: string): ResourceOwner | undefined;
}

/** From the SPIFFE IDs of certificates to owners. */
export interface OwnersBySpiffeId {
  /** The owner for which exactly that ID is registered. */
  registered(spiffeId: string): ResourceOwner | undefined;
}

/** Resources that only the gateway knows: its doors come and go with toolsets. */
export type Doors = (path: string) => Pick<ResourceOwner, 'scopes' | 'administers'> | undefined;

/** A resource with its owner, as a `kind: owner` document declares it. */
export interface DeclaredOwner {
  readonly namespace: string;
  readonly name: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly upstreams: readonly string[];
  readonly spiffeId?: string | undefined;
  readonly uid?: string | undefined;
}

/** Declared owners, and the doors of this server below `publicUrl`, which the implicit owner has. */
export function ownerMap(parts: {
  readonly publicUrl: URL;
  readonly doors: Doors;
  readonly declared: () => readonly DeclaredOwner[];
  /** The upstreams of the gateway. */
  readonly upstreams: () => readonly string[];
}): OwnerMap & OwnersBySpiffeId {
  const { origin } = parts.publicUrl;
  /** Of the names of this machine one stands in tokens and consents. */
  const named = (text: string): string | undefined => {
    const canonical = canonicalResource(text);
    return canonical === undefined ? undefined : underPublicOrigin(parts.publicUrl, canonical);
  };
  return {
    resolve(text) {
      const resource = named(text);
      if (resource === undefined) return undefined;
      if (resource === origin || resource.startsWith(`${origin}/`)) {
        // Whatever a document says: who owned a door of ours would get tokens that open it.
        const door = parts.doors(resource.slice(origin.length));
        return door && { ...door, owner: GATEWAY_OWNER, resource, upstreams: parts.upstreams() };
      }
      const declared = parts.declared().find((one) => named(one.resource) === resource);
      return declared && { ...ownerOf(declared), resource };
    },
    registered(spiffeId) {
      const declared = parts.declared().find((one) => one.spiffeId === spiffeId);
      const resource = declared && named(declared.resource);
      return declared && resource !== undefined ? { ...ownerOf(declared), resource } : undefined;
    },
  };
}

const ownerOf = ({ namespace, name, scopes, upstreams, spiffeId, uid }: DeclaredOwner) => ({
  ...{ owner: `${namespace}/${name}`, scopes, upstreams },
  ...(spiffeId !== undefined && { identity: { spiffeId, uid } }),
});
