import type { DeliveryReport } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';

export const addAuditDeliveries: InstallCommands = (audit, context) => {
  const command = audit
    .command('deliveries')
    .description('show how far each export and each anchor has got, and why not');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"items": [{name, state, behind, …}]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine audit deliveries --server https://chatelaine.example.com')
    .action(async (options: ApiOptions & { readonly json?: true }) => {
      const report = await withApi(context, options, (api) => api.get<DeliveryReport>('/audit/deliveries'));
      context.stdout.write(options.json === true ? jsonLine(report) : toText(report));
    });
};

function toText({ items }: DeliveryReport): string {
  if (items.length === 0) return 'There is no export and no anchor.\n';
  return table(
    ['RECEIVER', 'STATE', 'BEHIND', 'FAILING SINCE', 'WHY'],
    items.map(({ name, state, behind, failure }) => [
      name,
      state,
      String(behind),
      failure?.since ?? '-',
      failure?.message ?? '-',
    ]),
  );
}
