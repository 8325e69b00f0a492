import { Option, type Command } from 'commander';
import type { ApiClient } from '../api/client.ts';

/** Who is meant: a user by id or login name, or an agent by its name in a namespace. */
export interface SubjectOptions {
  readonly user?: string;
  readonly agent?: string;
  readonly agentNamespace?: string;
}

/** `--user`, `--agent`, `--agent-namespace`. */
export function addSubjectOptions(command: Command): Command {
  return command
    .option('--user <user>', 'a user, by id or login name')
    .addOption(new Option('--agent <name>', 'an agent, by its name').conflicts('user'))
    .option('--agent-namespace <name>', 'the namespace of the agent (default: that of the command)');
}

/** The subject as the API takes it; undefined when none was named. */
export async function subjectOf(
  api: ApiClient,
  { user, agent, agentNamespace }: SubjectOptions,
  namespace: string,
): Promise<{ readonly kind: 'user' | 'agent'; readonly id: string } | undefined> {
  const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('../user/user.ts')]);
  if (user !== undefined) return { kind: 'user', id: (await findUser(api, user)).id };
  if (agent === undefined) return undefined;
  const within = agentNamespace ?? (namespace === '*' ? 'default' : namespace);
  return { kind: 'agent', id: (await api.get<{ readonly id: string }>(at`/agents/${within}/${agent}`)).id };
}
