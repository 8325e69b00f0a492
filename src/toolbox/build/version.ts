import { sha256Hex } from '#kernel';
import type { Group, NamespaceView } from '../snapshot.ts';

/** A digest of everything that is listed. */
export function versionOf(namespaces: ReadonlyMap<string, NamespaceView>): string {
  const listed = [...namespaces.values()].map((view) => [
    view.name,
    [...view.tools.values()].map((tool) => ({ ...tool, authenticatedParameters: [...tool.authenticatedParameters] })),
    [...view.prompts.values()],
    [...view.resources.values()],
    view.resourceTemplates,
    [view.all, ...view.groups.values(), ...(view.servers?.values() ?? [])].map(outline),
  ]);
  return sha256Hex(JSON.stringify(listed)).slice(0, 32);
}

/** A group by the names in it. */
function outline(group: Group): unknown {
  const names = (entries: readonly { readonly name: string }[]) => entries.map((entry) => entry.name);
  return [
    group.name,
    group.description,
    String(group.progressiveFrom),
    group.ttlMs,
    group.cacheScope,
    names(group.tools),
    names(group.prompts),
    names(group.resources),
    names(group.resourceTemplates),
  ];
}
