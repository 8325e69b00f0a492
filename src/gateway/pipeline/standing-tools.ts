import type { Principal } from '#contract';
import type { ToolStandings } from '#registry';
import type { Group } from '#toolbox';

interface Fit {
  readonly version: number;
  /** Without the tools that nobody may call. */
  readonly group: Group;
  readonly hasDrafts: boolean;
  /** By the drafts that a caller does not see. */
  readonly views: Map<string, Group>;
}

// A group lives as long as its snapshot: what is remembered of it goes with it.
const fits = new WeakMap<Group, Fit>();

/** The group without quarantined tools, and without drafts of others. The same object for the same tools. */
export function standingFor(standings: ToolStandings, principal: Principal, group: Group): Group {
  let fit = fits.get(group);
  if (fit?.version !== standings.version) fits.set(group, (fit = fitOf(standings, group)));
  if (!fit.hasDrafts) return fit.group;
  const hidden = fit.group.tools.filter((tool) => standings.isHidden(tool, principal));
  if (hidden.length === 0) return fit.group;
  const key = hidden.map(({ name }) => name).join(' ');
  let view = fit.views.get(key);
  if (view === undefined) fit.views.set(key, (view = without(fit.group, new Set(hidden))));
  return view;
}

function fitOf(standings: ToolStandings, group: Group): Fit {
  const unfit = new Set(group.tools.filter((tool) => standings.refusal(tool) !== undefined));
  const seen = unfit.size === 0 ? group : without(group, unfit);
  const hasDrafts = seen.tools.some(({ entry }) => entry.status === 'draft' || entry.decoy);
  return { version: standings.version, group: seen, hasDrafts, views: new Map() };
}

const without = (group: Group, gone: ReadonlySet<Group['tools'][number]>): Group => ({
  ...group,
  tools: group.tools.filter((tool) => !gone.has(tool)),
});
