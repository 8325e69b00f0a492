import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { Approval } from './approval.ts';

interface DecideOptions extends ApiOptions {
  readonly reason?: string;
  readonly json?: true;
}

export const addApprovalApprove: InstallCommands = (approval, context) => {
  const command = approval
    .command('approve')
    .description('say yes to one call, with its arguments, once; as the person of `chatelaine login`')
    .argument('<id>', 'the id of the approval');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, state, open')
    .addHelpText(
      'after',
      `
Look at it first: \`chatelaine approval show\`. A key approves nothing, and neither does a command on a data
directory: what has a shell on the machine may be an agent.

Example:
  $ chatelaine approval approve 06e2z9x3k8v1m4p7q0r5s6t8w2 --server https://tools.example.com`,
    )
    .action((id: string, options: DecideOptions) =>
      decider(context)(id, options, { verb: 'approve', body: undefined }),
    );
};

export const addApprovalRefuse: InstallCommands = (approval, context) => {
  const command = approval
    .command('refuse')
    .description('say no to one call; one no is enough')
    .argument('<id>', 'the id of the approval');
  addApiOptions(command, context)
    .option('--reason <text>', 'told to the caller')
    .option('--json', 'print one line of JSON: id, state, open')
    .addHelpText(
      'after',
      '\nExample:\n  $ chatelaine approval refuse 06e2z9x3k8v1m4p7q0r5s6t8w2 --reason "the wrong account"',
    )
    .action((id: string, options: DecideOptions) => {
      const body = options.reason === undefined ? {} : { reason: options.reason };
      return decider(context)(id, options, { verb: 'refuse', body });
    });
};

export const addApprovalCancel: InstallCommands = (approval, context) => {
  const command = approval
    .command('cancel')
    .description('take back a request of yours, or a grant that was not used')
    .argument('<id>', 'the id of the approval');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, state, open')
    .addHelpText('after', '\nExample:\n  $ chatelaine approval cancel 06e2z9x3k8v1m4p7q0r5s6t8w2')
    .action((id: string, options: DecideOptions) => decider(context)(id, options, { verb: 'cancel', body: undefined }));
};

const decider =
  (context: Parameters<InstallCommands>[1]) =>
  async (
    id: string,
    options: DecideOptions,
    { verb, body }: { readonly verb: 'approve' | 'refuse' | 'cancel'; readonly body: object | undefined },
  ): Promise<void> => {
    const { at } = await import('../api/client.ts');
    const path = `${at`/approvals/${id}`}/${verb}`;
    const { state, open } = await withApi(context, options, (api) => api.post<Approval>(path, body));
    const missing = state === 'pending' ? `; it still needs ${open.join(', ')}` : '';
    context.stdout.write(
      options.json === true ? jsonLine({ id, state, open }) : `The approval \`${id}\` is ${state}${missing}.\n`,
    );
  };
