import type { AuditRecord } from '#contract';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';

/** The filters, by the option that names each. */
const FILTERS: readonly (readonly [option: string, field: string, help: string])[] = [
  ['actor <subject>', 'actor', 'of this caller: a user’s or an agent’s id'],
  ['class <class>', 'class', 'authentication, authorization, tool-call, credential, administration or audit'],
  ['type <type>', 'type', 'of this type, such as tool.call or key.revoked'],
  ['action <verb>', 'action', 'with this verb'],
  ['object-kind <kind>', 'objectKind', 'about a tool, an agent, a secret …'],
  ['object <name>', 'object', 'about what has this name'],
  ['namespace <name>', 'namespace', 'about what is in this namespace'],
  ['outcome <outcome>', 'outcome', 'intent, success, failure, denied or unknown'],
  ['request <id>', 'requestId', 'of this request'],
  ['from <moment>', 'from', 'from this moment on (RFC 3339)'],
  ['to <moment>', 'to', 'before this moment'],
];

interface QueryOptions extends ApiOptions {
  readonly limit: string;
  readonly json?: true;
}

export const addAuditQuery: InstallCommands = (audit, context) => {
  const command = audit.command('query').description('show records, newest first');
  for (const [option, , help] of FILTERS) command.option(`--${option}`, help);
  command.option('--limit <number>', 'at most so many', '50');
  addApiOptions(command, context)
    .option('--json', 'print each record as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine audit query --outcome denied --from 2026-11-01T00:00:00Z')
    .action(async (options: QueryOptions & Readonly<Record<string, unknown>>) => {
      const query: Record<string, string> = {};
      for (const [option, field] of FILTERS) {
        const name = (option.split(' ')[0] as string).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
        const given = options[name];
        if (typeof given === 'string') query[field] = isMoment(field) ? toMilliseconds(given) : given;
      }
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

const isMoment = (field: string): boolean => field === 'from' || field === 'to';

/** `2026-11-01T00:00:00Z` as the log compares it; what is no moment stays, and is refused by the API. */
function toMilliseconds(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}

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
