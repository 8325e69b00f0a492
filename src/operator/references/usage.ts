/** Who uses an object, as `Kind/name`, or `Kind/namespace/name` where that is another namespace. */
import { authServersOf, configReferences, fromAuthServer, membersOf } from './owner-references.ts';
import type { Known, KnownObject, Snapshot } from './snapshot.ts';

/** An object that is going itself uses nothing: what is deleted together goes together. */
export function usersOf(
  object: Pick<KnownObject, 'kind' | 'namespace' | 'name'>,
  snapshot: Snapshot,
): readonly string[] {
  const { kind, namespace, name } = object;
  const isIt = (place: { readonly namespace: string; readonly name: string }) =>
    place.namespace === namespace && place.name === name;
  const owners = [...snapshot.list('MCPServer'), ...snapshot.list('MCPGateway')].filter(({ isGoing }) => !isGoing);
  const print = (user: Known): string =>
    user.namespace === namespace ? `${user.kind}/${user.name}` : `${user.kind}/${user.namespace}/${user.name}`;
  switch (kind) {
    case 'MCPAuthServer': {
      const configs = snapshot.list('MCPExternalAuthConfig').filter(({ isGoing, spec, namespace: beside }) => {
        const ref = fromAuthServer(spec);
        return !isGoing && ref !== undefined && isIt({ namespace: ref.namespace ?? beside, name: ref.name });
      });
      return [...owners.filter((owner) => authServersOf(owner, snapshot).some(isIt)), ...configs].map(print);
    }
    case 'MCPExternalAuthConfig':
      return owners
        .filter(
          (owner) =>
            owner.namespace === namespace && configReferences(owner, snapshot).some((ref) => ref.name === name),
        )
        .map(print);
    case 'MCPGroup':
      return owners.filter((owner) => owner.namespace === namespace && owner.spec.groupRef?.name === name).map(print);
    case 'MCPServer':
      return snapshot
        .list('MCPGateway')
        .filter((gateway) => !gateway.isGoing && membersOf(gateway, snapshot).some(isIt))
        .map(print);
    case 'MCPGateway':
      return [];
  }
}
