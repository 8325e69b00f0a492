import type { JsonObject } from '#kernel';
import type { Tool } from '../snapshot.ts';

type Described = Pick<Tool, 'description'> & Partial<Pick<Tool, 'entry'>>;

/**
 * The description as callers see it: a model chooses by it, so a deprecated tool says first that there is
 * something better. The definition stays what it was: a tool that is deprecated is not another one.
 */
export function shownDescription({ description, entry }: Described): string {
  if (entry?.status !== 'deprecated') return description;
  const { replacedBy } = entry;
  return `Deprecated${replacedBy === undefined ? '' : `, use \`${replacedBy}\` instead`}. ${description}`;
}

/** The same for programs, in `_meta`; nothing for a tool that is not deprecated. */
export function deprecationMeta({ entry }: Partial<Pick<Tool, 'entry'>>): JsonObject {
  if (entry?.status !== 'deprecated') return {};
  const { replacedBy } = entry;
  return { 'dev.chatelaine/deprecated': replacedBy === undefined ? {} : { replacedBy } };
}
