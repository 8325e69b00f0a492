import type { AuditRecord } from '#contract';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';
import { addFilters, filterOf } from './filters.ts';

interface QueryOptions extends ApiOptions {
  readonly limit: string;
  readonly json?: true;
}

export const addAuditQuery: InstallCommands = (audit, context) => {
  const command = audit.command('query').description('show records, newest first');
  addFilters(command).option('--limit <number>', 'at most so many', '50');
  addApiOptions(command, context)
    .option('--json', 'print each record as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine audit query --outcome denied --from 2026-11-01T00:00:00Z')
    .action(async (options: QueryOptions & Readonly<Record<string, unknown>>) => {
      const query = filterOf(options);
      const wanted = Number(options.limit);
      if (!Number.isInteger(wanted) || wanted < 1)
        command.error(`error: option '--limit ${options.limit}' is no number of records`);
      const records: AuditRecord[] = [];
      await withApi(context, options, async (api) => {
        let cursor: string | undefined;
        do {
          const limit = String(Math.min(wanted - records.length, 1000));
          const page: { items: AuditRecord[]; next?: string } = await api.get('/audit/records', {
            ...query,
            limit,
            cursor,
          });
          records.push(...page.items);
          cursor = page.next;
        } while (cursor !== undefined && records.length < wanted);
      });
      context.stdout.write(options.json === true ? records.map(jsonLine).join('') : toText(records));
    });
};

function toText(records: readonly AuditRecord[]): string {
  if (records.length === 0) return 'No record fits.\n';
  return table(
    ['TIME', 'ID', 'TYPE', 'OUTCOME', 'WHO', 'WHAT', 'ERROR'],
    records.map(({ time, id, type, outcome, actor, object, error }) => [
      time,
      id,
      type,
      outcome,
      actor.name ?? actor.sub,
      object === undefined ? '-' : `${object.kind} ${object.namespace}/${object.name ?? object.id ?? '-'}`,
      error ?? '-',
    ]),
  );
}
