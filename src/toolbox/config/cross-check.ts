/**
 * What no document can say about itself alone, beside the names it refers to (`references.ts`): what
 * is named must fit its place, and places must be free.
 */
import { APP_MIME_TYPE, type ServerSettings, type ToolDeclaration } from '#contract';
import type { AnyDeclaration, Lists } from './declarations.ts';
import { checkAuthServices } from './auth-services-check.ts';
import { checkMasks } from './mask-check.ts';
import { checkIdTokens, checkUsableUpstreams } from './outgoing-check.ts';
import { checkMcpServers } from './mcp-server-check.ts';
import { checkOwners } from './owner-check.ts';
import { checkListings } from './listing-check.ts';
import { checkPolicies } from './policy-check.ts';
import { checkUpstreams } from './upstream-check.ts';
import { checkParameterLists } from './parameter-check.ts';
import { problemAt, suggest, type Problem } from './problems.ts';

type CheckedSettings = Pick<ServerSettings, 'publicUrl' | 'listing' | 'authorizationServer' | 'mcpServers'>;

/** Checks the documents that could be read, together; gives all problems. */
export function crossCheck(lists: Lists, server?: CheckedSettings): readonly Problem[] {
  const problems: Problem[] = [];
  for (const tool of lists.tools) problems.push(...checkTool(tool, lists));
  for (const one of [...lists.prompts, ...lists.resources, ...lists.resourceTemplates]) {
    if (one.type === 'module') problems.push(...checkModuleSource(one, one.source, lists));
  }
  for (const prompt of lists.prompts) problems.push(...checkParameterLists(prompt));
  for (const group of lists.groups) problems.push(...checkNoApps(group, lists));
  problems.push(...checkDefaultGroups(lists), ...checkUris(lists), ...checkListings(lists, server?.listing));
  problems.push(...checkAuthServices(lists.authServices), ...checkClientIds(lists), ...checkDelegates(lists));
  problems.push(...checkUpstreams(lists.upstreams), ...checkOwners(lists.owners, server?.publicUrl));
  const sending = [...lists.sources, ...lists.mcpServers];
  problems.push(...checkUsableUpstreams(sending, server), ...checkIdTokens(sending, lists.upstreams));
  problems.push(...checkPolicies(lists.policies));
  problems.push(...checkMasks(lists.masks), ...checkMcpServers(lists, server?.mcpServers));
  return problems;
}

/** What one tool says together with what it names. */
export function checkTool(tool: ToolDeclaration, lists: Lists): Problem[] {
  const problems = checkParameterLists(tool);
  if (tool.ui !== undefined) problems.push(...checkApp(tool, tool.ui.resource, lists));
  if (tool.replacedBy !== undefined && tool.status !== 'deprecated') {
    const message = '`replacedBy` is for a tool whose `status` is `deprecated`';
    problems.push(problemAt(tool.locate(['replacedBy']), 'CONTRADICTION', message));
  }
  return problems;
}

function checkModuleSource(from: AnyDeclaration, name: string, { sources }: Lists): Problem[] {
  const source = sources.find((one) => one.name === name && one.namespace === from.namespace);
  if (source === undefined || source.type === 'module') return [];
  const message = `\`${name}\` is of type \`${source.type}\`, and handlers live in sources of type \`module\``;
  return [problemAt(from.locate(['source']), 'CONTRADICTION', message)];
}

function checkApp(tool: ToolDeclaration, name: string, lists: Lists): Problem[] {
  const named = [...lists.resources, ...lists.resourceTemplates].filter(
    (one) => one.name === name && one.namespace === tool.namespace,
  );
  if (named.length === 0 || named.some((one) => one.ui)) return [];
  const message = `\`${name}\` is no MCP App (\`${APP_MIME_TYPE}\`): it does not say \`ui: true\``;
  return [problemAt(tool.locate(['ui', 'resource']), 'CONTRADICTION', message)];
}

/** MCP Apps are read through the tools that name them, whatever the group. */
function checkNoApps(group: Lists['groups'][number], lists: Lists): Problem[] {
  return (['resources', 'resourceTemplates'] as const).flatMap((field) =>
    (group[field] ?? []).flatMap((name, index) => {
      const found = lists[field].find((one) => one.name === name && one.namespace === group.namespace);
      if (found?.ui !== true) return [];
      const message = `\`${name}\` is an MCP App (\`ui: true\`), which no group lists; tools name it`;
      return [problemAt(group.locate([field, index]), 'CONTRADICTION', message)];
    }),
  );
}

function checkDefaultGroups({ groups }: Lists): Problem[] {
  const first = new Map<string, Lists['groups'][number]>();
  return groups.flatMap((group) => {
    if (group.name !== undefined) return [];
    const before = first.get(group.namespace);
    if (before === undefined) {
      first.set(group.namespace, group);
      return [];
    }
    const { file, line, column } = before.origin;
    const message = `another group without a name stands at ${file}:${line}:${column}`;
    return [problemAt(group.locate([]), 'NAME_TAKEN', message, 'Keep one of the two, or name one.')];
  });
}

/** One `client_id` is one client, whatever namespace its document is in: who asks for a token says no namespace. */
function checkClientIds({ clients }: Lists): Problem[] {
  const first = new Map<string, Lists['clients'][number]>();
  return clients.flatMap((client) => {
    const before = first.get(client.clientId);
    if (before === undefined) {
      first.set(client.clientId, client);
      return [];
    }
    const { file, line, column } = before.origin;
    const message = `the client at ${file}:${line}:${column} has the \`clientId\` \`${client.clientId}\` already`;
    return [problemAt(client.locate(['clientId']), 'NAME_TAKEN', message, 'Give each its own.')];
  });
}

/** Who may act with a client's tokens is there, and has the grant to: else somebody believes that they may. */
function checkDelegates({ clients }: Lists): Problem[] {
  return clients.flatMap((client) =>
    (client.mayDelegateTo ?? []).flatMap((clientId, index) => {
      const named = clients.find((one) => one.clientId === clientId);
      if (named?.grantTypes.includes('token-exchange') === true) return [];
      const at = client.locate(['mayDelegateTo', index]);
      if (named !== undefined)
        return [
          problemAt(at, 'CONTRADICTION', `\`grantTypes\` of the client \`${clientId}\` lacks \`token-exchange\``),
        ];
      const names = clients.map((one) => one.clientId).filter((one) => one !== client.clientId);
      const hint = suggest(clientId, names, 'other clients');
      return [problemAt(at, 'NAME_UNKNOWN', `there is no client with the \`clientId\` \`${clientId}\`${hint}`)];
    }),
  );
}

/** Two resources at one URI: which of them a client reads would depend on the order of files. */
function checkUris({ resources, resourceTemplates }: Lists): Problem[] {
  const taken = new Map<string, string>();
  return [...resources, ...resourceTemplates].flatMap((one) => {
    const [field, uri] = 'uriTemplate' in one ? ['uriTemplate', one.uriTemplate] : ['uri', one.uri];
    if (uri === undefined) return [];
    const key = JSON.stringify([one.namespace, uri]);
    const before = taken.get(key);
    if (before === undefined) {
      taken.set(key, one.name);
      return [];
    }
    return [problemAt(one.locate([field]), 'NAME_TAKEN', `\`${before}\` is read at \`${uri}\` already`)];
  });
}
