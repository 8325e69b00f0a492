import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'critical' | 'warning';
  readonly namespace: string;
  readonly principal: string;
  readonly tool: string;
  readonly seen: string;
  readonly usual: string;
  readonly record: string | null;
  readonly raisedAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: string | null;
  readonly note: string;
}

interface AlertOptions extends ApiOptions {
  readonly all?: true;
  readonly note?: string;
  readonly json?: true;
}

const addAlertList: InstallCommands = (alert, context) => {
  const command = alert
    .command('list')
    .description('show what callers did that was not like them, and touched decoys, the newest first, 1000 at most')
    .option('--all', 'what was acknowledged as well');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"alerts": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine alert list')
    .action(async (options: AlertOptions) => {
      const query = options.all === true ? '?limit=1000' : '?limit=1000&state=open';
      const { items: alerts } = await withApi(context, options, (api) =>
        api.get<{ readonly items: readonly Alert[] }>(`/alerts${query}`),
      );
      const rows = alerts.map((one) => [
        one.id,
        toSeconds(one.raisedAt),
        one.kind,
        one.principal,
        `${one.namespace}/${one.tool}`,
        one.seen,
        one.usual,
        one.acknowledgedAt === null ? 'open' : 'acknowledged',
      ]);
      const heading = ['ID', 'RAISED', 'KIND', 'CALLER', 'TOOL', 'SEEN', 'USUAL', 'STATE'];
      const text = rows.length === 0 ? 'There is no such alert.\n' : table(heading, rows);
      context.stdout.write(options.json === true ? jsonLine({ alerts }) : text);
    });
};

const addAlertShow: InstallCommands = (alert, context) => {
  const command = alert.command('show').description('show one alert').argument('<id>', 'as `alert list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print it as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine alert show 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, options: AlertOptions) => {
      const { at } = await import('../api/client.ts');
      const one = await withApi(context, options, (api) => api.get<Alert>(at`/alerts/${id}`));
      context.stdout.write(options.json === true ? jsonLine(one) : textOf(one));
    });
};

const addAlertAcknowledge: InstallCommands = (alert, context) => {
  const command = alert
    .command('acknowledge')
    .description('say that somebody looks into it')
    .argument('<id>', 'as `alert list` shows it')
    .option('--note <text>', 'what is known of it');
  addApiOptions(command, context)
    .option('--json', 'print it as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine alert acknowledge 06bxk2m9q4zv7c1n8hj3t5w0y2 --note "a drill"')
    .action(async (id: string, options: AlertOptions) => {
      const { at } = await import('../api/client.ts');
      const body = { note: options.note ?? '' };
      const one = await withApi(context, options, (api) => api.post<Alert>(`${at`/alerts/${id}`}/acknowledge`, body));
      context.stdout.write(options.json === true ? jsonLine(one) : textOf(one));
    });
};

function textOf(one: Alert): string {
  const lines = [
    `${one.kind} (${one.severity}): ${one.principal} in ${one.namespace}, at a call of \`${one.tool}\`, ${toSeconds(one.raisedAt)}`,
    `seen ${one.seen}, usual ${one.usual}`,
    ...(one.record === null ? [] : [`audit record ${one.record}`]),
    one.acknowledgedAt === null
      ? 'open'
      : `acknowledged by ${one.acknowledgedBy}, ${toSeconds(one.acknowledgedAt)}${one.note === '' ? '' : `: ${one.note}`}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** `chatelaine alert …`: what is not like its caller, and touched decoys. */
export const installAlertCommands: InstallCommands = (program, context) => {
  const alert = program
    .command('alert')
    .description('list what callers did that was not like them, and acknowledge it');
  for (const add of [addAlertList, addAlertShow, addAlertAcknowledge]) add(alert, context);
};
