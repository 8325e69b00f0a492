import type { Command } from 'commander';
import { withApi } from '../api/index.ts';
import { cliError } from '../errors.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addToolOptions, lintLines, pathOf, type Lint, type Tool, type ToolOptions } from './tool.ts';

interface PublishOptions extends ToolOptions {
  readonly name?: string;
  readonly draft?: true;
  readonly openapi?: true;
  readonly source?: string;
}

interface Given {
  readonly name: string;
  readonly document: string;
}

/** `tool register FILE`: one tool of a document, or one an operation of an OpenAPI description. */
export const addToolRegister: InstallCommands = (tool, context) => {
  const command = addFile(tool.command('register').description('register a tool on a source that a file declares'))
    .option('--draft', 'for its owner and publishers alone, until its status is `active`')
    .option('--openapi', 'FILE is an OpenAPI 3 description: register a tool for each of its operations')
    .option('--source <name>', 'the `http` source that the tools of --openapi stand on');
  addToolOptions(command, context, '{"tools": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool register open-orders.yaml --reason "asked for by sales"')
    .action(async (file: string, options: PublishOptions) => {
      const text = await readText(file);
      const status = options.draft === true ? { status: 'draft' } : {};
      const tools = await withApi(context, { ...options, tools: true, create: true }, async (api) => {
        const given = options.openapi === true ? await operations(text) : [await documentOf(text, options)];
        const made: Tool[] = [];
        for (const { name, document } of given) {
          made.push(await api.post<Tool>(await pathOf(name, options), { document, ...status, ...reasonOf(options) }));
        }
        return made;

        async function operations(openapi: string): Promise<readonly Given[]> {
          if (options.source === undefined)
            return command.error("error: option '--source' names the source of the tools");
          const { at } = await import('../api/client.ts');
          const path = at`/namespaces/${options.namespace}/tool-operations`;
          return (await api.post<{ items: Given[] }>(path, { openapi, source: options.source })).items;
        }
      });
      if (options.json === true) return void context.stdout.write(jsonLine({ tools }));
      for (const one of tools) tell(context, one, 'is registered');
    });
};

export const addToolUpdate: InstallCommands = (tool, context) => {
  const command = addFile(tool.command('update').description('put a new document in the place of the one that runs'));
  addToolOptions(command, context, 'the tool')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool update open-orders.yaml --reason "counts returns as well"')
    .action(async (file: string, options: PublishOptions) => {
      const { name, document } = await documentOf(await readText(file), options);
      const path = await pathOf(name, options);
      const body = { document, ...reasonOf(options) };
      const { body: shown } = await withApi(context, { ...options, tools: true }, (api) =>
        api.ask<Tool>({ method: 'PUT', path, headers: { 'if-match': '*' }, body }),
      );
      if (options.json === true) context.stdout.write(jsonLine(shown));
      else tell(context, shown, `has revision ${shown.revision}`);
    });
};

export const addToolLint: InstallCommands = (tool, context) => {
  const command = addFile(
    tool.command('lint').description('say what registering a document would say, and register nothing'),
  );
  addToolOptions(command, context, '{"warnings": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool lint open-orders.yaml --config tools.yaml')
    .action(async (file: string, options: PublishOptions) => {
      const { name, document } = await documentOf(await readText(file), options);
      const path = `${await pathOf(name, options)}/lint`;
      const { warnings } = await withApi(context, { ...options, tools: true, create: true }, (api) =>
        api.post<{ warnings: Lint[] }>(path, { document }),
      );
      const text = warnings.length === 0 ? `Nothing is to be said of \`${name}\`.\n` : lintLines(warnings);
      context.stdout.write(options.json === true ? jsonLine({ warnings }) : text);
    });
};

const addFile = (command: Command): Command =>
  command
    .argument('<file>', 'the document of `kind: tool`, YAML or JSON')
    .option('--name <name>', 'the name of the tool (default: as the document has it)')
    .option('--reason <text>', 'why, for the history and the record');

const reasonOf = ({ reason }: ToolOptions): object => (reason === undefined ? {} : { reason });

async function readText(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw cliError('FILE_UNUSABLE', `cannot read \`${file}\``, { cause });
  });
}

/** The document with the name that it says: whatever else is wrong with it the registry says. */
async function documentOf(document: string, { name }: PublishOptions): Promise<Given> {
  if (name !== undefined) return { name, document };
  const { parse } = await import('yaml');
  let said: unknown;
  try {
    said = (parse(document) as { readonly name?: unknown } | null)?.name;
  } catch {
    said = undefined;
  }
  if (typeof said === 'string' && said !== '') return { name: said, document };
  throw cliError('NAME_IMPOSSIBLE', 'the document has no `name`; say it with `--name`');
}

function tell({ stdout, stderr }: CliContext, { name, status, reason, warnings = [] }: Tool, what: string): void {
  const held = status === 'quarantined' ? ` It is quarantined: ${reason}.` : '';
  stdout.write(`The tool \`${name}\` ${what}.${held}\n`);
  stderr.write(lintLines(warnings));
}
