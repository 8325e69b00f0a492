/** What there is that policies and limits may name, as far as files and database say. */
import { parse } from 'yaml';
import type { Configuration } from '#contract';
import type { Database } from '#db';
import { isRecord } from '#kernel';
import type { KnownNames, ValidatedTool } from '#policy';
import { listGroupNames, listMetTools, listPrincipals, listRegisteredTools, type NamedTool } from './store/names.ts';

/** The documents that are looked at. */
export type Declared = Pick<
  Configuration,
  'sources' | 'tools' | 'toolsets' | 'groups' | 'policies' | 'limits' | 'roleBindings'
>;

export interface Known {
  /** Without documents nobody knows which tools there are, nor what they are in. */
  readonly names: KnownNames;
  readonly toolsets: readonly NamedTool[] | undefined;
}

export async function whatIsKnown({ db }: Database, declared: Declared | undefined): Promise<Known> {
  const always = { groups: await listGroupNames(db), principals: await listPrincipals(db) };
  if (declared === undefined) return { names: { tools: undefined, ...always }, toolsets: undefined };
  const registered = await listRegisteredTools(db);
  const hasModules = declared.sources.some(({ type }) => type === 'module');
  const met = hasModules ? await listMetTools(db) : [];
  const sets = [...declared.toolsets, ...declared.groups].flatMap(({ namespace, name, tools }) =>
    name === undefined ? [] : [{ namespace, name, tools: tools ?? [] }],
  );
  const ofDocuments = [...declared.tools, ...registered.map(readTool)];
  const all = new Map<string, ValidatedTool>();
  for (const tool of [...met, ...ofDocuments]) all.set(`${tool.namespace}/${tool.name}`, validated(tool, sets));
  return {
    names: {
      tools: [...all.values()],
      // What code says of its tools is known where the code runs.
      tags: hasModules ? undefined : [...new Set(ofDocuments.flatMap(({ tags }) => tags))],
      ...always,
    },
    toolsets: sets,
  };
}

interface DeclaredTool extends NamedTool {
  readonly source?: string | undefined;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
}

type Parameter = { readonly name: string } & ValidatedTool['arguments'][string];

function validated(
  { namespace, name, ...tool }: NamedTool & Partial<DeclaredTool>,
  sets: readonly (NamedTool & { readonly tools: readonly string[] })[],
): ValidatedTool {
  const within = (type: string, parent: string): string => `${type}::${JSON.stringify(`${namespace}/${parent}`)}`;
  const inSets = sets.filter((set) => set.namespace === namespace && set.tools.includes(name));
  const ancestors = new Set([
    ...inSets.map((set) => within('Toolset', set.name)),
    ...(tool.source === undefined ? [] : [within('Source', tool.source)]),
    `Namespace::${JSON.stringify(namespace)}`,
  ]);
  return {
    entity: { type: 'Tool', id: `${namespace}/${name}`, ancestors },
    namespace,
    arguments: Object.fromEntries((tool.parameters ?? []).map((parameter) => [parameter.name, parameter])),
  };
}

/** Only what is looked for: the document was checked when it was registered. */
function readTool({ namespace, name, document }: NamedTool & { readonly document: string }): DeclaredTool {
  const read: unknown = parse(document);
  const { source, tags } = isRecord(read) ? read : {};
  return {
    ...{ namespace, name },
    ...(typeof source === 'string' && { source }),
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
  };
}
