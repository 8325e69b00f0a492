import type { ImportedApi } from '#toolbox';
import { cliError } from '../errors.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface ImportOptions {
  readonly name?: string;
  readonly baseUrl?: string;
  readonly output?: string;
  readonly json?: true;
}

/**
 * `chatelaine tool import openapi FILE`: the configuration goes to standard output or a new file, what
 * was left out and why to standard error, so that a pipe carries YAML and nothing else.
 */
export const addImportOpenApi: InstallCommands = (imports, context) => {
  imports
    .command('openapi')
    .description('write one http source and a tool per operation from an OpenAPI 3 document')
    .argument('<file>', 'the document, YAML or JSON')
    .option('--name <name>', 'name of the source (default: from the title)')
    .option('--base-url <url>', 'where the API is (default: from the document)')
    .option('-o, --output <file>', 'write to a new file instead of standard output')
    .option('--json', 'print one line of JSON instead: source, tools, notes, environment, yaml')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool import openapi petstore.yaml -o pets.yaml')
    .action(async (file: string, options: ImportOptions) => {
      const [{ readFile, writeFile }, { importOpenApi }] = await Promise.all([
        import('node:fs/promises'),
        import('#toolbox'),
      ]);
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw cliError('FILE_UNUSABLE', `cannot read \`${file}\``, { cause });
      });
      const imported = importOpenApi(text, {
        ...(options.name !== undefined && { name: options.name }),
        ...(options.baseUrl !== undefined && { baseUrl: options.baseUrl }),
      });
      if (!imported.ok) throw cliError('IMPORT_IMPOSSIBLE', `\`${file}\` cannot be imported: ${imported.error}`);
      const yaml = imported.value.yaml.replace(/\n*$/, '\n');
      if (options.json) return void context.stdout.write(jsonLine({ ...imported.value }));
      if (options.output === undefined) {
        context.stdout.write(yaml);
      } else {
        await writeFile(options.output, yaml, { flag: 'wx' }).catch((cause: unknown) => {
          throw cliError('FILE_UNUSABLE', `cannot write \`${options.output}\`; it must not exist yet`, { cause });
        });
      }
      context.stderr.write(summary(imported.value, options.output));
    });
};

function summary(api: ImportedApi, output: string | undefined): string {
  const lines = [
    `${api.tools.length} tools on the source \`${api.source}\`${output === undefined ? '' : ` in ${output}`}.`,
  ];
  if (api.environment.length > 0) lines.push(`Set ${api.environment.join(', ')} before serving it.`);
  for (const note of api.notes)
    lines.push(`${note.outcome}: ${[note.operation, note.reason].filter((part) => part !== '').join(': ')}`);
  return `${lines.join('\n')}\n`;
}
