import type { verifyLog, VerifyOptions, VerifyReport } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import { EXIT, QuietEnd, type CliContext, type InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface VerifyCommandOptions extends ApiOptions {
  readonly export?: string;
  readonly key?: readonly string[];
  readonly json?: true;
}

type Items = Parameters<typeof verifyLog>[0];

export const addAuditVerify: InstallCommands = (audit, context) => {
  const command = audit
    .command('verify')
    .description('hold the log to its word; names the first record that is not what was written')
    .option('--export <file>', 'verify this NDJSON export instead, without a data directory')
    .option('--key <file>', 'a public key to trust, from elsewhere than the log (repeatable)', collect);
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: ok, records, checkpoints, uncovered, retainedFrom, findings')
    .addHelpText(
      'after',
      `
Ends with 1 when something is not as it was written.

Examples:
  $ chatelaine audit verify --data-dir /var/lib/chatelaine
  $ chatelaine audit verify --export audit.ndjson --key audit-public-key.pem`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const report = await verify(options, context);
      context.stdout.write(options.json === true ? jsonLine(report) : describeReport(report));
      if (!report.ok) throw new QuietEnd(EXIT.failure);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

async function verify(options: VerifyCommandOptions, context: CliContext): Promise<VerifyReport> {
  if (options.export !== undefined) return await verifyExport(options.export, options, context);
  const server = options.server ?? (context.env['CHATELAINE_SERVER'] || undefined);
  if (server !== undefined) return await withApi(context, options, (api) => api.post<VerifyReport>('/audit/verify'));
  return await verifyDirectory(options, context);
}

async function verifyDirectory(options: VerifyCommandOptions, context: CliContext): Promise<VerifyReport> {
  const [{ withLog }, { logStream, lastCheckpoint }, { readKeys }] = await Promise.all([
    import('./with-log.ts'),
    import('#audit'),
    import('./keys.ts'),
  ]);
  return await withLog(context, options, async ({ store, trustedKeys }) => {
    const keys = readKeys(options.key ?? []) ?? trustedKeys;
    const last = await lastCheckpoint(store);
    const total = last?.body.writers.reduce((sum, { count }) => sum + count, 0);
    const latest = async (): Promise<number> => (await lastCheckpoint(store))?.body.number ?? 0;
    return await watched(logStream(store), { installation: store.installation, keys, latest }, total, context);
  });
}

/** With keys from elsewhere: an export that brings the key it is verified with proves nothing. */
async function verifyExport(file: string, options: VerifyCommandOptions, context: CliContext): Promise<VerifyReport> {
  const [{ createReadStream }, { createInterface }, { readNdjson }, { readKeys }, { cliError }] = await Promise.all([
    import('node:fs'),
    import('node:readline'),
    import('#audit'),
    import('./keys.ts'),
    import('../errors.ts'),
  ]);
  const keys = readKeys(options.key ?? []);
  if (keys === undefined) throw cliError('KEY_MISSING', 'an export is verified with a public key from elsewhere');
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Infinity });
  try {
    const { installation, items } = await readNdjson(lines);
    return await watched(items, { installation, keys }, undefined, context);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code?.startsWith('E') !== true) throw cause;
    throw cliError('FILE_UNUSABLE', `\`${file}\` cannot be read: ${code}`, { cause });
  } finally {
    input.destroy();
  }
}

async function watched(
  items: Items,
  options: VerifyOptions,
  total: number | undefined,
  context: CliContext,
): Promise<VerifyReport> {
  const [audit, { Progress }] = await Promise.all([import('#audit'), import('./progress.ts')]);
  const progress = new Progress(context, total);
  try {
    return await audit.verifyLog(items, { ...options, onProgress: ({ records }) => progress.show(records) });
  } finally {
    progress.end();
  }
}

function describeReport({ ok, records, checkpoints, uncovered, retainedFrom, findings }: VerifyReport): string {
  const counted = `${records} records, ${checkpoints} checkpoints, ${uncovered} records not yet covered by one`;
  const removed = retainedFrom
    .map(({ writer, seq }) => `  by policy, chain ${writer} begins at record ${seq}\n`)
    .join('');
  if (ok) return `The log is as it was written: ${counted}.\n${removed}`;
  const lines = findings.map(({ kind, message, writer, seq, checkpoint }) => {
    const place = [
      ...(writer === undefined ? [] : [`chain ${writer}`]),
      ...(seq === undefined ? [] : [`record ${seq}`]),
      ...(checkpoint === undefined ? [] : [`checkpoint ${checkpoint}`]),
    ].join(', ');
    return `  ${kind}: ${message}${place === '' ? '' : ` (${place})`}\n`;
  });
  return `The log is NOT as it was written (${counted}):\n${lines.join('')}${removed}`;
}
