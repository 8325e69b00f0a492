/** What documents of `kind: owner` must agree on with each other and with the server. */
import { canonicalResource, type OwnerDeclaration } from '#contract';
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
