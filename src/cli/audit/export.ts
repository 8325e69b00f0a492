import { once } from 'node:events';
import type { logStream } from '#audit';
import type { AuditRecord } from '#contract';
import { databaseOption, dataDirectoryOption, type DatabaseOptions } from '../data-directory.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { Option } from 'commander';

interface ExportOptions extends DatabaseOptions {
  readonly format: 'ndjson' | 'ocsf' | 'cef' | 'syslog';
}

export const addAuditExport: InstallCommands = (audit, context) => {
  audit
    .command('export')
    .description('print the whole log for others, oldest first')
    .addOption(
      new Option('--format <format>', 'ndjson can be verified like the log itself')
        .choices(['ndjson', 'ocsf', 'cef', 'syslog'])
        .default('ndjson'),
    )
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .addHelpText('after', '\nExample:\n  $ chatelaine audit export > audit.ndjson')
    .action(async (options: ExportOptions) => {
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
    });
};

type Items = ReturnType<typeof logStream>;

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
