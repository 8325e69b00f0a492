import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface Counts {
  readonly 'would-deny': number;
  readonly 'would-allow': number;
  readonly obligations: number;
}
interface Shadow {
  readonly policy: string;
  readonly recorded: Counts & { readonly since?: string };
  readonly here?: Counts & { readonly same: number; readonly since: string; readonly dropped: number };
  readonly examples: readonly {
    readonly difference: string;
    readonly at: string;
    readonly principal: { readonly type: string; readonly id: string };
    readonly tool: { readonly id: string };
  }[];
}

export const addPolicyShadow: InstallCommands = (policy, context) => {
  const command = policy
    .command('shadow')
    .description('show what a policy that is watched would have decided otherwise')
    .argument('<policy>', 'the policy, as namespace/name; */name for a global one');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      "\nExample:\n  $ chatelaine policy shadow '*/office-hours' --server https://tools.example.com",
    )
    .action(async (name: string, options: ApiOptions & { readonly json?: true }) => {
      const { at } = await import('../api/client.ts');
      const slash = name.indexOf('/');
      if (slash < 1) return command.error(`error: \`${name}\` is not the name of a policy with its namespace`);
      const [namespace, rest] = [name.slice(0, slash), name.slice(slash + 1)];
      const path = `/policies${namespace === '*' ? '/*' : at`/${namespace}`}${at`/${rest}`}/shadow`;
      const shadow = await withApi(context, options, (api) => api.get<Shadow>(path));
      context.stdout.write(options.json === true ? jsonLine(shadow) : describeShadow(shadow));
    });
};

function describeShadow({ recorded, here, examples }: Shadow): string {
  const row = (where: string, counts: Counts, since: string | undefined): readonly string[] => [
    ...[where, String(counts['would-deny']), String(counts['would-allow']), String(counts.obligations)],
    since === undefined ? '-' : toSeconds(since),
  ];
  const counts = table(
    ['WHERE', 'WOULD DENY', 'WOULD ALLOW', 'OTHER OBLIGATIONS', 'SINCE'],
    [row('on record', recorded, recorded.since), ...(here === undefined ? [] : [row('this server', here, here.since)])],
  );
  const compared =
    here === undefined
      ? 'Nobody watches it here.\n'
      : `This server decided ${here.same} calls alike and left ${here.dropped} uncompared.\n`;
  if (examples.length === 0) return counts + compared;
  const rows = examples.map(({ difference, at, principal, tool }) => [
    ...[difference, toSeconds(at), `${principal.type} ${principal.id}`, tool.id],
  ]);
  return `${counts}${compared}\n${table(['EXAMPLE', 'TIME', 'WHO', 'TOOL'], rows)}`;
}
