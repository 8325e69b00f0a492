/** What MCP servers behind us say together with the rest: their commands are allowed, their names and prefixes free. */
import { prefixOf, type McpServerDeclaration, type ServerSettings } from '#contract';
import type { Lists } from './declarations.ts';
import { problemAt, suggest, type Problem } from './problems.ts';

export function checkMcpServers(
  { mcpServers }: Pick<Lists, 'mcpServers'>,
  allowed: ServerSettings['mcpServers'] | undefined,
): readonly Problem[] {
  return [
    ...mcpServers.flatMap((server) => checkCommand(server, allowed?.commands ?? [])),
    ...checkPrefixes(mcpServers),
  ];
}

/** Whoever may write a document of a namespace may not therefore start programs on this machine. */
function checkCommand(server: McpServerDeclaration, allowed: readonly string[]): readonly Problem[] {
  const { command } = server;
  if (command === undefined || allowed.includes(command)) return [];
  const hint =
    allowed.length === 0
      ? 'List it in `mcpServers: { commands: […] }` of `kind: server`, if it is meant to run here.'
      : undefined;
  const message = `\`${command}\` is not in \`mcpServers.commands\` of \`kind: server\`${suggest(command, allowed, 'commands')}`;
  return [problemAt(server.locate(['command']), 'UNENFORCEABLE', message, hint)];
}

/** Of two servers with one prefix, which one has a tool would depend on who answers first. */
function checkPrefixes(servers: readonly McpServerDeclaration[]): readonly Problem[] {
  const first = new Map<string, string>();
  return servers.flatMap((server) => {
    const key = JSON.stringify([server.namespace, prefixOf(server)]);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, server.name);
      return [];
    }
    const message = `the tools of \`${before}\` have the prefix \`${prefixOf(server)}\` already`;
    return [problemAt(server.locate(['prefix']), 'NAME_TAKEN', message, 'Give each server its own `prefix`.')];
  });
}
