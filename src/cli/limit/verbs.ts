import { Option, type Command } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface Limit {
  readonly namespace: string;
  readonly name: string;
  readonly per: readonly string[];
  readonly limits: string;
  readonly declared: boolean;
  readonly used?: readonly {
    readonly whose: string;
    readonly unit: string;
    readonly taken: number;
    readonly endsAt: string | null;
  }[];
}

interface LimitOptions extends ApiOptions {
  readonly namespace: string;
  readonly json?: true;
}

interface PutOptions extends LimitOptions {
  readonly per: readonly string[];
  readonly tool?: readonly string[];
  readonly toolset?: readonly string[];
  readonly role?: readonly string[];
  readonly agent?: readonly string[];
}

const withLimit = (command: Command, context: CliContext): Command =>
  addApiOptions(
    command
      .argument('<name>', 'the limit')
      .addOption(new Option('--namespace <name>', 'its namespace, or * for every one').default('default')),
    context,
  );

const pathOf = async (name: string, { namespace }: LimitOptions): Promise<string> => {
  const { at } = await import('../api/client.ts');
  return namespace === '*' ? `/limits/*${at`/${name}`}` : at`/limits/${namespace}/${name}`;
};

export const addLimitList: InstallCommands = (limit, context) => {
  const command = limit
    .command('list')
    .description('show every limit, those of the configuration of a server among them')
    .option('--namespace <name>', 'only limits of this namespace, or * for those of every one');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"limits": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine limit list')
    .action(async (options: Partial<LimitOptions> & ApiOptions) => {
      const { namespace } = options;
      const limits = await withApi(context, options, (api) => api.all<Limit>('/limits', { namespace }));
      const rows = limits.map((one) => [one.name, one.namespace, one.per.join(', '), one.limits]);
      const text = rows.length === 0 ? 'There is no limit yet.\n' : table(['NAME', 'NAMESPACE', 'PER', 'LIMITS'], rows);
      context.stdout.write(options.json === true ? jsonLine({ limits }) : text);
    });
};

export const addLimitShow: InstallCommands = (limit, context) => {
  withLimit(limit.command('show').description('show a limit, and how much of it is used now'), context)
    .option('--json', 'print the limit and what is used of it as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine limit show per-person')
    .action(async (name: string, options: LimitOptions) => {
      const path = await pathOf(name, options);
      const shown = await withApi(context, options, (api) => api.get<Limit>(path));
      const rows = (shown.used ?? []).map(({ whose, unit, taken, endsAt }) => [
        whose,
        unit,
        String(taken),
        endsAt === null ? '-' : toSeconds(endsAt),
      ]);
      const head = `${shown.namespace}/${shown.name}: ${shown.limits}, for each ${shown.per.join(' and ')}\n`;
      const text = rows.length === 0 ? 'Nothing of it is used.\n' : table(['WHOSE', 'UNIT', 'TAKEN', 'UNTIL'], rows);
      context.stdout.write(options.json === true ? jsonLine(shown) : head + text);
    });
};

export const addLimitPut: InstallCommands = (limit, context) => {
  withLimit(limit.command('put').description('make a limit, or change it; what was used stays used'), context)
    .argument('<limits>', 'such as "100 calls per 1h; 5 at once"')
    .addOption(
      new Option('--per <what...>', 'what has a count of its own, one or several')
        .choices(['principal', 'tool', 'toolset', 'namespace', 'address'])
        .default(['principal']),
    )
    .option('--tool <name...>', 'only calls of these tools')
    .option('--toolset <name...>', 'only calls of tools in these toolsets or groups')
    .option('--role <role...>', 'only calls of who holds one of these roles')
    .option('--agent <name...>', 'only calls of these agents')
    .option('--json', 'print the limit as one line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ chatelaine limit put per-person "1000 calls per 1h"\n  $ chatelaine limit put exports "10000 rows per 1d" --per principal tool --tool export',
    )
    .action(async (name: string, limits: string, options: PutOptions) => {
      const path = await pathOf(name, options);
      const { per, tool: tools, toolset: toolsets, role: roles, agent: agents } = options;
      const put = await withApi(context, { ...options, create: true }, async (api) => {
        const headers = await preconditionOf(() => api.ask({ method: 'GET', path }));
        const body = { per, limits, tools, toolsets, roles, agents };
        return (await api.ask<Limit>({ method: 'PUT', path, headers, body })).body;
      });
      const text = `The limit \`${put.namespace}/${put.name}\` is ${put.limits}, for each ${put.per.join(' and ')}.\n`;
      context.stdout.write(options.json === true ? jsonLine(put) : text);
    });
};

export const addLimitDelete: InstallCommands = (limit, context) => {
  withLimit(limit.command('delete').description('delete a limit'), context)
    .option('--json', 'print one line of JSON: namespace, name, deleted')
    .addHelpText('after', '\nExample:\n  $ chatelaine limit delete per-person')
    .action(async (name: string, options: LimitOptions) => {
      const path = await pathOf(name, options);
      await withApi(context, options, async (api) => {
        const { etag } = await api.ask<Limit>({ method: 'GET', path });
        await api.ask({ method: 'DELETE', path, headers: { 'if-match': etag ?? '*' } });
      });
      const { namespace } = options;
      const text = `The limit \`${name}\` is gone.\n`;
      context.stdout.write(options.json === true ? jsonLine({ namespace, name, deleted: true }) : text);
    });
};

/** The state that is changed: somebody else's change in between is not overwritten unseen. */
async function preconditionOf(
  read: () => Promise<{ readonly etag: string | undefined }>,
): Promise<Record<string, string>> {
  const { ChatelaineError } = await import('#kernel');
  try {
    return { 'if-match': (await read()).etag ?? '*' };
  } catch (error) {
    if (error instanceof ChatelaineError && error.code === 'LIMIT_UNKNOWN') return { 'if-none-match': '*' };
    throw error;
  }
}
