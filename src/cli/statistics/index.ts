import { Option } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import { sparkline } from './sparkline.ts';

interface Sums {
  readonly day?: string;
  readonly namespace?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly total: number;
  readonly failed: number;
  readonly denied: number;
  readonly errorRate: number | null;
  readonly averageDurationMs: number | null;
  readonly p95Ms: number | null;
  readonly lastAt: string | null;
}

interface Statistics {
  readonly from: string;
  readonly to: string;
  readonly items: readonly Sums[];
}

interface StatisticsOptions extends ApiOptions {
  readonly by: 'day' | 'tool' | 'principal';
  readonly namespace?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

/** `chatelaine statistics`: how tools are used. */
export const installStatisticsCommand: InstallCommands = (program, context) => {
  const command = program
    .command('statistics')
    .description('show how tools are used: calls, failures, refusals and durations')
    .addOption(new Option('--by <what>', 'a line for each').choices(['day', 'tool', 'principal']).default('tool'))
    .option('--namespace <name>', 'only in this namespace')
    .option('--tool <name>', 'only of this tool')
    .option('--principal <name>', 'only of this caller, as `--by principal` has it')
    .option('--from <day>', 'the first day, such as 2026-11-01 (default: thirty days with the last one)')
    .option('--to <day>', 'the last day (default: today, UTC)');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON, as the API answers')
    .addHelpText('after', '\nExample:\n  $ chatelaine statistics --by day --tool search_orders')
    .action(async (options: StatisticsOptions) => {
      const path = (by: string): string => `/statistics?${queryOf({ ...options, by })}`;
      const [found, days] = await withApi(context, options, async (api) => [
        await api.get<Statistics>(path(options.by)),
        await api.get<Statistics>(path('day')),
      ]);
      context.stdout.write(options.json === true ? jsonLine(found) : textOf(found, days, options.by));
    });
};

function queryOf({
  by,
  namespace,
  tool,
  principal,
  from,
  to,
}: Partial<Omit<StatisticsOptions, 'by'>> & { by: string }) {
  const given = Object.entries({ by, namespace, tool, principal, from, to }).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given as [string, string][]).toString();
}

function textOf(found: Statistics, days: Statistics, by: StatisticsOptions['by']): string {
  if (found.items.length === 0) return `Nothing was called from ${found.from} to ${found.to}.\n`;
  const totals = new Map(days.items.map(({ day, total }) => [day, total]));
  const each = eachDay(found.from, found.to).map((day) => totals.get(day) ?? 0);
  const rows = found.items.map((one) => [
    by === 'day' ? (one.day ?? '') : by === 'tool' ? `${one.namespace}/${one.tool}` : (one.principal ?? ''),
    `${one.total}`,
    `${one.failed}`,
    `${one.denied}`,
    one.errorRate === null ? '' : `${(one.errorRate * 100).toFixed(1)} %`,
    one.averageDurationMs === null ? '' : `${one.averageDurationMs.toFixed(1)} ms`,
    one.p95Ms === null ? '' : `${one.p95Ms} ms`,
    toSeconds(one.lastAt) ?? '',
  ]);
  const heading = [by.toUpperCase(), 'CALLS', 'FAILED', 'DENIED', 'ERRORS', 'AVERAGE', '95 % WITHIN', 'LAST'];
  return `${found.from} ${sparkline(each)} ${found.to}   ${Math.max(...each)} calls on the busiest day\n\n${table(heading, rows)}`;
}

function eachDay(from: string, to: string): readonly string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
