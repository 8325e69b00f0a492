import { Option } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { addSubjectOptions, type SubjectOptions } from '../group/member.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface Binding {
  readonly id: string;
  readonly role: string;
  readonly namespace: string;
  readonly subject:
    | { readonly kind: 'user' | 'agent' | 'group'; readonly id: string }
    | { readonly kind: 'claim-group'; readonly issuer: string; readonly name: string };
  readonly createdAt: string;
}

interface RoleOptions extends ApiOptions {
  readonly namespace: string;
  readonly json?: true;
}

const describe = (bindings: readonly Binding[]): string =>
  table(
    ['ID', 'ROLE', 'WHERE', 'WHO', 'SINCE'],
    bindings.map(({ id, role, namespace, subject, createdAt }) => [
      id,
      role,
      namespace === '*' ? 'everywhere' : namespace,
      subject.kind === 'claim-group' ? `group ${subject.name} of ${subject.issuer}` : `${subject.kind} ${subject.id}`,
      toSeconds(createdAt),
    ]),
  );

export const addRoleList: InstallCommands = (role, context) => {
  const command = role
    .command('list')
    .description('show who was given which role, and where; roles of the configuration stand there')
    .option('--namespace <name>', 'only roles in this namespace, or * for the global ones');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"bindings": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine role list')
    .action(async (options: Partial<RoleOptions> & ApiOptions) => {
      const { namespace } = options;
      const bindings = await withApi(context, options, (api) => api.all<Binding>('/role-bindings', { namespace }));
      const text = bindings.length === 0 ? 'No role was given yet.\n' : describe(bindings);
      context.stdout.write(options.json === true ? jsonLine({ bindings }) : text);
    });
};

interface GiveOptions extends RoleOptions, SubjectOptions {
  readonly group?: string;
  readonly claimGroup?: string;
  readonly issuer?: string;
}

export const addRoleGive: InstallCommands = (role, context) => {
  const command = role
    .command('give')
    .description('give a role to a user, an agent or a group')
    .argument('<role>', 'admin, tool_publisher, policy_admin, user or auditor')
    .addOption(new Option('--namespace <name>', 'where it holds, * for everywhere').default('default'));
  addSubjectOptions(addApiOptions(command, context))
    .option('--group <name>', 'a group of our own, of that namespace')
    .option('--claim-group <name>', 'a group that an identity provider names')
    .option('--issuer <url>', 'with --claim-group: the provider')
    .option('--json', 'print the binding as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine role give auditor --user ann --namespace payments')
    .action(async (name: string, options: GiveOptions) => {
      const [{ at }, { subjectOf }] = await Promise.all([import('../api/client.ts'), import('../group/member.ts')]);
      const { namespace, group, claimGroup, issuer } = options;
      const scope = namespace === '*' ? '/*' : at`/${namespace}`;
      const given = await withApi(context, options, async (api) => {
        const subject =
          group !== undefined
            ? { kind: 'group', id: (await api.get<{ readonly id: string }>(`/groups${scope}${at`/${group}`}`)).id }
            : claimGroup !== undefined
              ? { kind: 'claim-group', issuer: issuer ?? '', name: claimGroup }
              : await subjectOf(api, options, namespace);
        if (subject === undefined)
          return command.error("error: option '--user', '--agent', '--group' or '--claim-group' says who is meant");
        return await api.post<Binding>(`/namespaces${scope}/role-bindings`, { role: name, subject });
      });
      context.stdout.write(options.json === true ? jsonLine(given) : describe([given]));
    });
};

export const addRoleTake: InstallCommands = (role, context) => {
  const command = role.command('take').description('take a role').argument('<id>', 'the id, as `role list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, taken')
    .addHelpText('after', '\nExample:\n  $ chatelaine role take 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, options: RoleOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/role-bindings/${id}`;
      await withApi(context, options, (api) => api.ask({ method: 'DELETE', path }));
      context.stdout.write(options.json === true ? jsonLine({ id, taken: true }) : `The role is taken.\n`);
    });
};
