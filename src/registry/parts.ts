/** What routes of the registry have in common. */
import { z } from 'zod';
import { EVERYWHERE, resourceName, rolesIn, type Principal, type Role } from '#contract';
import type { Call } from '#http';
import type { Author } from '#identity';
import { unknownTool } from './access/errors.ts';

/** Who changes something, as services take it. */
export const authorOf = ({ principal, origin }: Pick<Call, 'principal' | 'origin'>): Author => ({ principal, origin });

/** An id of ours; what is none is not there. */
export const anyId = z.string().min(1).max(128);

export const toolName = z.strictObject({ namespace: resourceName, name: z.string().min(1).max(128) });
export type ToolName = z.output<typeof toolName>;

/** Where permissions about a tool must hold: in its namespace, whether there is such a tool or not. */
export const ofTool = {
  params: toolName,
  where: {
    target: ({ namespace }: ToolName) => ({ namespace }),
    missing: ({ namespace, name }: ToolName) => unknownTool(namespace, name),
  },
} as const;

/** The namespaces in which the caller holds one of the roles; all of them where they hold it everywhere. */
export function namespacesWith(principal: Principal, roles: readonly Role[]): readonly string[] | 'all' {
  const holdsIn = (namespace: string): boolean => rolesIn(principal, namespace).some((role) => roles.includes(role));
  if (holdsIn(EVERYWHERE)) return 'all';
  const named = [principal.namespace, ...(principal.grants ?? []).map(({ namespace }) => namespace)];
  return [...new Set(named)].filter((namespace) => namespace !== EVERYWHERE && holdsIn(namespace));
}

/** A page of what was read with one more than its limit, by the ids that it is ordered by. */
export function cut<Item extends { readonly id: string }, Shown>(
  items: readonly Item[],
  limit: number,
  show: (item: Item) => Shown,
): { readonly items: readonly Shown[]; readonly next: string | undefined } {
  const page = items.slice(0, limit);
  return { items: page.map(show), next: items.length > limit ? page.at(-1)?.id : undefined };
}
