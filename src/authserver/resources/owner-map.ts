import { canonicalResource } from './resource-url.ts';

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
}

/** From resources to who owns them: the `OwnerMap` of the design. */
export interface OwnerMap {
  /** The owner of exactly that resource; undefined for any other, however much it looks like one. */
  resolve(resource: string): ResourceOwner | undefined;
}

/** Resources that only the gateway knows: its doors come and go with toolsets. */
export type Doors = (path: string) => { readonly scopes: readonly string[] } | undefined;

/** A resource with its owner, as a `kind: owner` document declares it. */
export interface DeclaredOwner {
  readonly namespace: string;
  readonly name: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly upstreams: readonly string[];
}

/** Who owns every door of this server. */
export const GATEWAY_OWNER = 'default/gateway';

/** Declared owners, and the doors of this server below `publicUrl`, which the implicit owner has. */
export function ownerMap(parts: {
  readonly publicUrl: URL;
  readonly doors: Doors;
  readonly declared: () => readonly DeclaredOwner[];
  /** The upstreams of the gateway. */
  readonly upstreams: () => readonly string[];
}): OwnerMap {
  const { origin } = parts.publicUrl;
  return {
    resolve(text) {
      const resource = canonicalResource(text);
      if (resource === undefined) return undefined;
      const declared = parts.declared().find((one) => canonicalResource(one.resource) === resource);
      if (declared !== undefined) {
        const { namespace, name, scopes, upstreams } = declared;
        return { owner: `${namespace}/${name}`, resource, scopes, upstreams };
      }
      if (!resource.startsWith(`${origin}/`)) return undefined;
      const door = parts.doors(resource.slice(origin.length));
      return door && { owner: GATEWAY_OWNER, resource, scopes: door.scopes, upstreams: parts.upstreams() };
    },
  };
}
