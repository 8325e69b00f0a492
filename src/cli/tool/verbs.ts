import { withApi } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import { addToolOptions, ANY_STATE, askAndTell, pathOf, type Tool, type ToolOptions } from './tool.ts';

interface Revision {
  readonly revision: number;
  readonly version: string | null;
  readonly createdAt: string;
  readonly reason: string;
  readonly author: { readonly kind: string; readonly sub: string };
  readonly document: string;
}

interface ListOptions extends Omit<ToolOptions, 'namespace'> {
  readonly namespace?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly owner?: string;
  readonly query?: string;
}

export const addToolList: InstallCommands = (tool, context) => {
  const command = tool
    .command('list')
    .description('show tools: those of files and those that publishers registered')
    .option('--status <status>', 'draft, active, deprecated, quarantined or broken')
    .option('--tag <tag>', 'only tools with this tag')
    .option('--owner <owner>', 'only tools of this owner, `user:…` or `agent:…`')
    .option('--query <words>', 'only tools with these words in name, title or description');
  addToolOptions(command, context, '{"tools": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool list --config tools.yaml --status quarantined')
    .action(async ({ json, namespace, status, tag, owner, query: q, ...options }: ListOptions) => {
      // The default stands in the option; a list without it is of all that the caller may see.
      const within = command.getOptionValueSource('namespace') === 'default' ? undefined : namespace;
      const query = { namespace: within, status, tag, owner, q };
      const tools = await withApi(context, { ...options, tools: true }, (api) => api.all<Tool>('/tools', query));
      if (json === true) return void context.stdout.write(jsonLine({ tools }));
      const rows = tools.map((one) => [
        one.name,
        one.namespace,
        one.origin,
        one.status,
        one.version ?? '',
        one.description.split('\n')[0] ?? '',
      ]);
      const head = ['NAME', 'NAMESPACE', 'ORIGIN', 'STATUS', 'VERSION', 'DESCRIPTION'];
      context.stdout.write(rows.length === 0 ? 'There is no such tool.\n' : table(head, rows));
    });
};

export const addToolShow: InstallCommands = (tool, context) => {
  const command = tool
    .command('show')
    .description('show one tool')
    .argument('<name>', 'the tool')
    .option('--history', 'its documents as well, newest first');
  addToolOptions(command, context, 'the tool, with `revisions` for --history')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool show open_orders --history')
    .action(async (name: string, options: ToolOptions & { readonly history?: true }) => {
      const path = await pathOf(name, options);
      const { shown, revisions } = await withApi(context, { ...options, tools: true }, async (api) => ({
        shown: await api.get<Tool>(path),
        revisions:
          options.history === true ? (await api.get<{ items: Revision[] }>(`${path}/revisions`)).items : undefined,
      }));
      if (options.json === true)
        return void context.stdout.write(jsonLine({ ...shown, ...(revisions && { revisions }) }));
      const facts: (readonly [string, string | null | undefined])[] = [
        ['Tool', `${shown.namespace}/${shown.name}`],
        ['Origin', shown.origin],
        ['Status', shown.status],
        ['Reason', shown.reason],
        ['Replaced by', shown.replacedBy],
        ['Version', shown.version],
        ['Owner', shown.owner],
        ['Tags', shown.tags.join(', ')],
        ['Pin', shown.pin],
      ];
      for (const [what, value] of facts) if (value) context.stdout.write(`${what.padEnd(12)} ${value}\n`);
      context.stdout.write(`\n${shown.description}\n`);
      for (const one of revisions ?? []) {
        const head = `revision ${one.revision}, ${toSeconds(one.createdAt)}, by ${one.author.kind} ${one.author.sub}`;
        context.stdout.write(`\n--- ${head}${one.reason === '' ? '' : `: ${one.reason}`}\n${one.document.trimEnd()}\n`);
      }
    });
};

export const addToolStatus: InstallCommands = (tool, context) => {
  const command = tool
    .command('status')
    .description('change how far a registered tool is to be trusted')
    .argument('<name>', 'the tool')
    .argument('<status>', 'draft, active, deprecated or quarantined')
    .option('--replaced-by <name>', 'the tool to use instead of a deprecated one')
    .option('--reason <text>', 'why, for the record');
  addToolOptions(command, context, 'the tool')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool status open_orders deprecated --replaced-by orders')
    .action(async (name: string, status: string, options: ToolOptions & { readonly replacedBy?: string }) => {
      const { reason, replacedBy } = options;
      const body = { status, ...(reason !== undefined && { reason }), ...(replacedBy !== undefined && { replacedBy }) };
      await askAndTell(
        context,
        { name, options },
        async (api, path) => (await api.ask<Tool>({ method: 'PATCH', path, headers: ANY_STATE, body })).body,
        (shown) => `The tool \`${name}\` is ${shown.status}.\n`,
      );
    });
};

export const addToolRestore: InstallCommands = (tool, context) => {
  const command = tool
    .command('restore')
    .description('put the document of an earlier revision in its place')
    .argument('<name>', 'the tool')
    .argument('<revision>', 'the number of the revision')
    .option('--reason <text>', 'why, for the record');
  addToolOptions(command, context, 'the tool')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool restore open_orders 3 --reason "4 counts twice"')
    .action(async (name: string, revision: string, options: ToolOptions) => {
      const body = { revision: Number(revision), ...(options.reason !== undefined && { reason: options.reason }) };
      await askAndTell(
        context,
        { name, options },
        async (api, tool) =>
          (await api.ask<Tool>({ method: 'POST', path: `${tool}/restore`, headers: ANY_STATE, body })).body,
        (shown) =>
          `The tool \`${name}\` has the document of revision ${revision} again, as revision ${shown.revision}.\n`,
      );
    });
};

export const addToolDelete: InstallCommands = (tool, context) => {
  const command = tool
    .command('delete')
    .description('take a registered tool away, with its history')
    .argument('<name>', 'the tool');
  addToolOptions(command, context, 'namespace, name, deleted')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool delete open_orders')
    .action(async (name: string, options: ToolOptions) => {
      await askAndTell(
        context,
        { name, options },
        async (api, path) => {
          await api.ask({ method: 'DELETE', path, headers: ANY_STATE });
          return { namespace: options.namespace, name, deleted: true };
        },
        () => `The tool \`${name}\` is gone.\n`,
      );
    });
};
