/** What documents of `kind: owner` must agree on with each other and with the server. */
import {
  canonicalResource,
  parseOwnerId,
  type InternalListenerSettings,
  type OwnerDeclaration,
  type OwnerId,
} from '#contract';
import { problemAt, type Problem } from './problems.ts';

/** Checks all owners together; gives all problems. `publicUrl`: of the server, where it says one. */
export function checkOwners(owners: readonly OwnerDeclaration[], publicUrl: string | undefined): readonly Problem[] {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  const taken = new Map<string, OwnerDeclaration>();
  return owners.flatMap((owner) => {
    const refuse = (message: string, hint: string): Problem[] => [
      problemAt(owner.locate(['resource']), 'NAME_TAKEN', message, hint),
    ];
    const resource = canonicalResource(owner.resource) as string;
    // Whoever owned a door of ours would get tokens that open it.
    if (new URL(resource).origin === own)
      return refuse(`\`${own}\` is this server, which owns its doors itself`, 'Owners are of resources elsewhere.');
    // Whose a token is would depend on the order of files.
    const before = taken.get(resource);
    if (before !== undefined)
      return refuse(
        `\`${resource}\` is of \`${before.namespace}/${before.name}\` already`,
        'A resource has one owner.',
      );
    taken.set(resource, owner);
    return [];
  });
}

/** Identities that could not come in: nobody is asked for a certificate, or not for one of theirs. */
export function checkOwnerIdentities(
  owners: readonly OwnerDeclaration[],
  listener: InternalListenerSettings | undefined,
): readonly Problem[] {
  return owners.flatMap((owner) => {
    const id = owner.spiffeId === undefined ? undefined : parseOwnerId(owner.spiffeId);
    if (id?.ok !== true) return [];
    const why = refusalAt(listener, id.value);
    return why === undefined ? [] : [problemAt(owner.locate(['spiffeId']), 'CONTRADICTION', why)];
  });
}

function refusalAt(
  listener: InternalListenerSettings | undefined,
  { trustDomain, namespace, name }: OwnerId,
): string | undefined {
  if (listener === undefined) return 'nobody can show it: `kind: server` has no `internalListener`';
  const { federated, namespaces, names } = listener;
  const domains = [listener.trustDomain, ...federated.map((one) => one.trustDomain)];
  if (!domains.includes(trustDomain))
    return `nobody vouches for the trust domain \`${trustDomain}\` at \`internalListener\`, which has \`${domains.join('`, `')}\``;
  if (namespaces?.includes(namespace) === false)
    return `\`internalListener.namespaces\` does not let \`${namespace}\` in`;
  if (names?.includes(name) === false) return `\`internalListener.names\` does not let \`${name}\` in`;
  return undefined;
}
