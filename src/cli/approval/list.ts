import { Option } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { Approval } from './approval.ts';

interface ListOptions extends ApiOptions {
  readonly which: 'all' | 'mine' | 'to-decide';
  readonly state: 'open' | 'all';
  readonly json?: true;
}

export const addApprovalList: InstallCommands = (approval, context) => {
  const command = approval
    .command('list')
    .description('show the calls that wait for the yes of people: yours and those you may decide, or for offices all');
  addApiOptions(command, context)
    .addOption(
      new Option('--which <which>', 'all that your roles let you see, or those that concern you')
        .choices(['all', 'mine', 'to-decide'])
        .default('all'),
    )
    .addOption(new Option('--state <state>', 'those that go on, or all').choices(['open', 'all']).default('open'))
    .option('--json', 'print one line of JSON: {"approvals": […]}')
    .addHelpText(
      'after',
      '\nExample:\n  $ chatelaine approval list --which to-decide --server https://tools.example.com',
    )
    .action(async ({ which, state, ...options }: ListOptions) => {
      const { describeApprovals } = await import('./approval.ts');
      const approvals = await withApi(context, options, async (api) =>
        which === 'all'
          ? await api.all<Approval>('/approvals', { state })
          : (await api.get<{ readonly items: readonly Approval[] }>('/users/me/approvals', { which, state })).items,
      );
      context.stdout.write(options.json === true ? jsonLine({ approvals }) : describeApprovals(approvals));
    });
};

interface ShowOptions extends ApiOptions {
  readonly json?: true;
}

export const addApprovalShow: InstallCommands = (approval, context) => {
  const command = approval
    .command('show')
    .description('show one call that waits, with its arguments where you may see them')
    .argument('<id>', 'the id of the approval');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: the approval')
    .addHelpText('after', '\nExample:\n  $ chatelaine approval show 06e2z9x3k8v1m4p7q0r5s6t8w2')
    .action(async (id: string, options: ShowOptions) => {
      const [{ at }, { describeApproval }] = await Promise.all([import('../api/client.ts'), import('./approval.ts')]);
      const found = await withApi(context, options, (api) => api.get<Approval>(at`/approvals/${id}`));
      context.stdout.write(options.json === true ? jsonLine(found) : describeApproval(found));
    });
};
