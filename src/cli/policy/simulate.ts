import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import { EXIT, QuietEnd, type InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface SimulateOptions extends ApiOptions {
  readonly put?: readonly string[];
  readonly priority?: string;
  readonly remove?: readonly string[];
  readonly proposal?: string;
  readonly from?: string;
  readonly to?: string;
  readonly most?: string;
  readonly namespace?: string;
  readonly strict?: true;
  readonly json?: true;
}

interface Side {
  readonly because: string;
  readonly policies: readonly string[];
}
interface Report {
  readonly range: { readonly from: string; readonly to: string };
  readonly decisions: number;
  readonly replayed: number;
  readonly unchanged: number;
  readonly truncated: boolean;
  readonly flips: readonly {
    readonly change: string;
    readonly principal?: { readonly type: string; readonly id: string };
    readonly tool: { readonly id: string };
    readonly count: number;
    readonly example?: { readonly record: { readonly id: string }; readonly before: Side; readonly after: Side };
  }[];
  readonly notReplayed: readonly { readonly why: string; readonly what: string; readonly count: number }[];
}

export const addPolicySimulate: InstallCommands = (policy, context) => {
  const command = policy
    .command('simulate')
    .description('decide recorded calls again by proposed policies, and list what would be otherwise')
    .option('--put <id=file>', 'a policy that would be added or replaced, and its Cedar text (repeatable)', collect)
    .option('--priority <number>', 'of the policies of --put; otherwise as now, or 0')
    .option('--remove <id>', 'a policy that would be gone, as namespace/name (repeatable)', collect)
    .option('--proposal <file>', 'the whole proposal as JSON: {"put": […], "remove": […], "instead": false}')
    .option('--from <moment>', 'calls from this moment on (RFC 3339); a week ago by default')
    .option('--to <moment>', 'calls before this moment')
    .option('--most <number>', 'look at so many records, the newest')
    .option('--namespace <name>', 'only calls of the tools of this namespace')
    .option('--strict', 'end with 1 when a call would be decided otherwise, or cannot be decided again');
  addApiOptions(command, context)
    .option('--json', 'print the report as one line of JSON')
    .addHelpText(
      'after',
      `
Nothing is changed. What cannot be decided again from what is on record is counted, and never guessed.

Examples:
  $ chatelaine policy simulate --put '*/office-hours=office-hours.cedar' --from 2026-11-01
  $ chatelaine policy simulate --remove '*/declared-tools' --strict`,
    )
    .action(async (options: SimulateOptions) => {
      const { proposalOf } = await import('./proposal.ts');
      const { reportOf, momentOption } = await import('./report-of.ts');
      const { from, to, most } = options;
      const body = {
        ...(await proposalOf(options)),
        ...(from !== undefined && { from: momentOption(from) }),
        ...(to !== undefined && { to: momentOption(to) }),
        ...(most !== undefined && { most: Number(most) }),
      };
      const report = await withApi(context, options, (api) =>
        reportOf<Report>(context, api, '/policies/simulate', body, options.namespace),
      );
      context.stdout.write(options.json === true ? jsonLine(report) : describeSimulation(report));
      const certain = report.flips.length === 0 && report.notReplayed.length === 0;
      if (options.strict === true && !certain) throw new QuietEnd(EXIT.failure);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const CHANGES: Readonly<Record<string, string>> = {
  denied: 'would be denied',
  allowed: 'would be allowed',
  obligations: 'would be asked for something else in return',
};

function describeSimulation({ range, decisions, replayed, unchanged, flips, notReplayed, truncated }: Report): string {
  const head = `${decisions} decisions on record from ${toSeconds(range.from)} to ${toSeconds(range.to)}; ${replayed} decided again, ${unchanged} as before.\n`;
  const more = truncated ? 'There are older records in the range; `--most` looks at more.\n' : '';
  const flipped = flips.map(({ change, principal, tool, count, example }) => [
    ...[
      CHANGES[change] ?? change,
      String(count),
      principal === undefined ? '-' : `${principal.type} ${principal.id}`,
      tool.id,
    ],
    ...(example === undefined
      ? ['-', '-']
      : [`${sideText(example.before)} → ${sideText(example.after)}`, example.record.id]),
  ]);
  const columns = ['WHAT', 'CALLS', 'WHO', 'TOOL', 'BECAUSE', 'FOR EXAMPLE'];
  const otherwise = flipped.length === 0 ? 'Nothing would be otherwise.\n' : table(columns, flipped);
  if (notReplayed.length === 0) return `${head}${more}\n${otherwise}`;
  const left = notReplayed.map(({ why, what, count }) => [String(count), WHY[why] ?? why, what]);
  return `${head}${more}\n${otherwise}\nNot decided again:\n${table(['CALLS', 'WHY', 'WHAT'], left)}`;
}

const WHY: Readonly<Record<string, string>> = {
  fact: 'not on record',
  subject: 'never written down',
  record: 'not readable any more',
  inconsistent: 'the record contradicts its policies',
};

const sideText = ({ because, policies }: Side): string => policies.join(', ') || because;
