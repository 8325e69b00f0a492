import { PROGRESSIVE_TOOLS, type Listing } from '#contract';
import type { Lists } from './declarations.ts';
import { problemAt, type Problem } from './problems.ts';

/**
 * Where tools are found instead of listed, two names are taken: a tool that has one of them would be called in
 * their place, with what callers look for and pass on.
 */
export function checkListings(lists: Lists, usual: Listing = 'all'): readonly Problem[] {
  return lists.tools.flatMap((tool) => {
    if (!(PROGRESSIVE_TOOLS as readonly string[]).includes(tool.name)) return [];
    const where = [...doorsOf(tool, lists, usual)].find(({ listing }) => listing !== 'all');
    if (where === undefined) return [];
    const message = `\`${tool.name}\` is the name of what ${where.door} lists in the place of its tools (\`listing\`)`;
    return [problemAt(tool.locate(['name']), 'NAME_TAKEN', message, 'Rename the tool, or say `listing: all` there.')];
  });
}

/** Where a tool is listed, and how. */
function* doorsOf(
  tool: Lists['tools'][number],
  { toolsets, groups }: Lists,
  usual: Listing,
): Generator<{ readonly door: string; readonly listing: Listing }> {
  const here = groups.filter(({ namespace }) => namespace === tool.namespace);
  const everything = here.find(({ name }) => name === undefined);
  yield { door: 'the group of everything', listing: everything?.listing ?? usual };
  const named = [...toolsets.filter(({ namespace }) => namespace === tool.namespace), ...here];
  for (const { kind, name, tools, listing } of named) {
    if (name !== undefined && tools?.includes(tool.name) === true)
      yield { door: `the ${kind} \`${name}\``, listing: listing ?? usual };
  }
}
