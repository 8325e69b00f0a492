import { Option, type Command } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import { addSubjectOptions, type SubjectOptions } from './member.ts';

interface Group {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly createdAt: string;
  readonly members?: readonly { readonly kind: string; readonly id: string }[];
}

interface GroupOptions extends ApiOptions {
  readonly namespace: string;
  readonly json?: true;
}

const withGroup = (command: Command, context: CliContext): Command =>
  addApiOptions(
    command
      .argument('<name>', 'the group')
      .addOption(new Option('--namespace <name>', 'its namespace, or * for a global group').default('default')),
    context,
  );

const pathOf = async (name: string, { namespace }: GroupOptions): Promise<string> => {
  const { at } = await import('../api/client.ts');
  // A global group's namespace is a star, which stands in a path as it is.
  return namespace === '*' ? `/groups/*${at`/${name}`}` : at`/groups/${namespace}/${name}`;
};

export const addGroupList: InstallCommands = (group, context) => {
  const command = group
    .command('list')
    .description('show every group')
    .option('--namespace <name>', 'only groups of this namespace, or * for the global ones');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"groups": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine group list')
    .action(async (options: Partial<GroupOptions> & ApiOptions) => {
      const { namespace } = options;
      const groups = await withApi(context, options, (api) => api.all<Group>('/groups', { namespace }));
      const rows = groups.map((one) => [one.name, one.namespace, toSeconds(one.createdAt), one.description]);
      const text =
        rows.length === 0 ? 'There is no group yet.\n' : table(['NAME', 'NAMESPACE', 'CREATED', 'DESCRIPTION'], rows);
      context.stdout.write(options.json === true ? jsonLine({ groups }) : text);
    });
};

export const addGroupShow: InstallCommands = (group, context) => {
  withGroup(group.command('show').description('show a group and who is in it'), context)
    .option('--json', 'print the group and its members as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine group show operators')
    .action(async (name: string, options: GroupOptions) => {
      const path = await pathOf(name, options);
      const shown = await withApi(context, options, (api) => api.get<Group>(path));
      const rows = (shown.members ?? []).map(({ kind, id }) => [kind, id]);
      const text = rows.length === 0 ? 'Nobody is in it.\n' : table(['KIND', 'ID'], rows);
      context.stdout.write(options.json === true ? jsonLine(shown) : text);
    });
};

export const addGroupCreate: InstallCommands = (group, context) => {
  withGroup(group.command('create').description('make a group without members'), context)
    .option('--description <text>', 'what it is for')
    .option('--json', 'print the group as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine group create operators')
    .action(async (name: string, options: GroupOptions & { readonly description?: string }) => {
      const { description } = options;
      const path = await pathOf(name, options);
      const made = await withApi(context, { ...options, create: true }, (api) =>
        api.post<Group>(path, { ...(description !== undefined && { description }) }),
      );
      context.stdout.write(options.json === true ? jsonLine(made) : `The group \`${made.name}\` is there.\n`);
    });
};

export const addGroupDelete: InstallCommands = (group, context) => {
  withGroup(group.command('delete').description('delete a group, and what its members had through it'), context)
    .option('--json', 'print one line of JSON: namespace, name, deleted')
    .addHelpText('after', '\nExample:\n  $ chatelaine group delete operators')
    .action(async (name: string, options: GroupOptions) => {
      const path = await pathOf(name, options);
      await withApi(context, options, (api) => api.ask({ method: 'DELETE', path }));
      const { namespace } = options;
      const text = `The group \`${name}\` is gone.\n`;
      context.stdout.write(options.json === true ? jsonLine({ namespace, name, deleted: true }) : text);
    });
};

/** `group add` and `group remove`. */
const addMembership =
  (verb: 'add' | 'remove', description: string): InstallCommands =>
  (group, context) => {
    const command = withGroup(group.command(verb).description(description), context);
    addSubjectOptions(command)
      .option('--json', 'print one line of JSON: group, kind, id')
      .addHelpText('after', `\nExample:\n  $ chatelaine group ${verb} operators --user ann`)
      .action(async (name: string, options: GroupOptions & SubjectOptions) => {
        const [{ at }, { subjectOf }] = await Promise.all([import('../api/client.ts'), import('./member.ts')]);
        const path = await pathOf(name, options);
        const member = await withApi(context, options, async (api) => {
          const found = await subjectOf(api, options, options.namespace);
          if (found === undefined) return command.error("error: option '--user' or '--agent' says who is meant");
          const { kind, id } = found;
          await api.ask({ method: verb === 'add' ? 'PUT' : 'DELETE', path: `${path}${at`/members/${kind}/${id}`}` });
          return found;
        });
        const text = `The ${member.kind} ${member.id} is ${verb === 'add' ? 'in' : 'no longer in'} the group \`${name}\`.\n`;
        context.stdout.write(options.json === true ? jsonLine({ group: name, ...member }) : text);
      });
  };

export const addGroupAdd = addMembership('add', 'put somebody into a group, and so give them its roles');
export const addGroupRemove = addMembership('remove', 'take somebody out of a group');
