import type { OwnerMap } from '../resources/owner-map.ts';
import type { TokenSession } from '../store/token-sessions-store.ts';

/**
 * The upstreams whose tokens a session opens: those that the person allowed with it and that its owner may use
 * now. None where the resource has come to be somebody else's.
 */
export function usableUpstreams(
  { owner, resource, upstreams }: Pick<TokenSession, 'owner' | 'resource' | 'upstreams'>,
  owners: OwnerMap,
): readonly string[] {
  const owned = owners.resolve(resource);
  return owned?.owner === owner ? upstreams.filter((upstream) => owned.upstreams.includes(upstream)) : [];
}
