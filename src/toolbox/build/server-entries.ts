/**
 * What MCP servers behind us offer, among what documents declare. A name that is taken stays with who has it: a
 * server must not be able to put a tool of its own in the place of one that people know (tool shadowing).
 */
import type { FederatedServer, Offered, ServerOffer } from '../federated-server.ts';
import type { Group, Resource } from '../snapshot.ts';
import { doorNamesOf, TTL_MS, type Contents } from './groups.ts';

export interface JoinedServers {
  readonly contents: Pick<Contents, 'tools' | 'prompts' | 'resources' | 'resourceTemplates'>;
  /** The door of each server, by its name. */
  readonly doors: ReadonlyMap<string, Group>;
  /** Why something that a server offers is not there. */
  readonly leftOut: readonly { readonly server: FederatedServer; readonly why: string }[];
}

export function joinServers(declared: JoinedServers['contents'], servers: readonly FederatedServer[]): JoinedServers {
  const contents = {
    tools: new Map(declared.tools),
    prompts: new Map(declared.prompts),
    resources: new Map(declared.resources),
    resourceTemplates: new Map(declared.resourceTemplates),
  };
  const doors = new Map<string, Group>();
  const leftOut: { server: FederatedServer; why: string }[] = [];
  const uris = new Set(Array.from(declared.resources.values(), ({ uri }) => uri));
  for (const server of servers) {
    const offer = server.offer();
    const tools = offer.tools.filter(({ tool }) => {
      if (!contents.tools.has(tool.name)) return contents.tools.set(tool.name, tool);
      leftOut.push({ server, why: `its tool \`${tool.name}\` is left out: the name is taken` });
      return false;
    });
    for (const { here } of offer.prompts) {
      if (!contents.prompts.has(here.name)) contents.prompts.set(here.name, here);
      else leftOut.push({ server, why: `its prompt \`${here.name}\` is left out: the name is taken` });
    }
    for (const { here } of offer.resources) {
      if (uris.has(here.uri)) {
        leftOut.push({ server, why: `its resource \`${here.uri}\` is read at its own door alone: the URI is taken` });
        continue;
      }
      uris.add(here.uri);
      contents.resources.set(freeKey(contents.resources, here), here);
    }
    for (const { here } of offer.resourceTemplates) {
      const key = contents.resourceTemplates.has(here.name) ? `${here.name} ${here.uriTemplate}` : here.name;
      if (!contents.resourceTemplates.has(key)) contents.resourceTemplates.set(key, here);
    }
    doors.set(server.declaration.name, doorOf(server, { ...offer, tools }));
  }
  return { contents, doors, leftOut };
}

/** Names of resources are for people, and need not differ; the first of a name is the one that groups mean. */
const freeKey = (taken: ReadonlyMap<string, unknown>, { name, uri }: Resource): string =>
  taken.has(name) ? `${name} ${uri}` : name;

function doorOf({ declaration }: FederatedServer, offer: ServerOffer): Group {
  const own = <Entry>(offered: readonly Offered<Entry>[]): readonly Entry[] => offered.map(({ there }) => there);
  return {
    name: `s/${declaration.name}`,
    description: declaration.instructions ?? offer.instructions,
    tools: offer.tools.map(({ tool }) => tool),
    doorNames: doorNamesOf(offer.tools.map(({ tool, theirName }) => [tool.name, theirName])),
    prompts: own(offer.prompts),
    resources: own(offer.resources),
    resourceTemplates: own(offer.resourceTemplates),
    // Links in answers lead to what no list has; at this door they can only be the server's.
    apps: { resources: [], resourceTemplates: offer.unlisted === undefined ? [] : [offer.unlisted] },
    // A client that connects to one server expects what that server lists.
    progressiveFrom: Infinity,
    ttlMs: TTL_MS,
    cacheScope: 'private',
  };
}
