import { once } from 'node:events';
import { Option } from 'commander';
import type { LogItem } from '#audit';
import type { AuditRecord } from '#contract';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { CliContext, InstallCommands } from '../context.ts';

interface ExportOptions extends ApiOptions {
  readonly format: 'ndjson' | 'ocsf' | 'cef' | 'syslog';
}

export const addAuditExport: InstallCommands = (audit, context) => {
  const command = audit
    .command('export')
    .description('print the whole log for others, oldest first')
    .addOption(
      new Option('--format <format>', 'ndjson can be verified like the log itself')
        .choices(['ndjson', 'ocsf', 'cef', 'syslog'])
        .default('ndjson'),
    );
  addApiOptions(command, context)
    .addHelpText('after', '\nExample:\n  $ chatelaine audit export > audit.ndjson')
    .action(async (options: ExportOptions) => {
      const server = options.server ?? (context.env['CHATELAINE_SERVER'] || undefined);
      await (server === undefined ? exportDirectory(options, context) : exportServer(options, context));
    });
};

/** From the files as they lie: works on a copy, and when nothing can be written. */
async function exportDirectory(options: ExportOptions, context: CliContext): Promise<void> {
  const { withLog } = await import('./with-log.ts');
  await withLog(context, options, async ({ store }) => {
    const audit = await import('#audit');
    const items = audit.logStream(store);
    const lines =
      options.format === 'ndjson'
        ? audit.exportNdjson(store.installation, items)
        : recordLines(items, options.format, context.version);
    for await (const line of lines) await write(context, `${line}\n`);
  });
}

async function exportServer({ format, ...options }: ExportOptions, context: CliContext): Promise<void> {
  const [{ readNdjson }, { linesOf, writeAll }] = await Promise.all([import('#audit'), import('./pieces.ts')]);
  await withApi(context, options, async (api) => {
    await api.stream('/audit/export', {}, async (pieces) => {
      if (format === 'ndjson') return await writeAll(pieces, context.stdout, () => {});
      const { items } = await readNdjson(linesOf(pieces));
      for await (const line of recordLines(items, format, context.version)) await write(context, `${line}\n`);
    });
  });
}

type Items = AsyncIterable<readonly LogItem[]>;

/** One line a record; checkpoints have no place in the formats of others. */
async function* recordLines(
  items: Items,
  format: Exclude<ExportOptions['format'], 'ndjson'>,
  version: string,
): AsyncGenerator<string> {
  const [{ toOcsf, toCef, toSyslog }, { hostname }] = await Promise.all([import('#audit'), import('node:os')]);
  const origin = { hostname: hostname(), processId: '-' };
  const shape: Readonly<Record<typeof format, (record: AuditRecord) => string>> = {
    ocsf: (record) => JSON.stringify(toOcsf(record)),
    cef: (record) => toCef(record, version),
    syslog: (record) => toSyslog(record, origin),
  };
  for await (const group of items) {
    for (const item of group)
      if (item.kind === 'record') yield shape[format](JSON.parse(item.canonical) as AuditRecord);
  }
}

/** Waits while whoever reads is slower: a log is larger than memory. */
async function write({ stdout }: CliContext, line: string): Promise<void> {
  if (stdout.write(line) === false && 'once' in stdout) await once(stdout as NodeJS.WritableStream, 'drain');
}
