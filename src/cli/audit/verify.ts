import type { Command } from 'commander';
import type { SignedCheckpoint, verifyLog, VerifyOptions, VerifyReport } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import { EXIT, QuietEnd, type CliContext, type InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface VerifyCommandOptions extends ApiOptions {
  readonly export?: string;
  readonly key?: readonly string[];
  readonly anchor?: readonly string[];
  readonly json?: true;
}

type Items = Parameters<typeof verifyLog>[0];

export const addAuditVerify: InstallCommands = (audit, context) => {
  const command = audit
    .command('verify')
    .description('hold the log to its word; names the first record that is not what was written')
    .option('--export <file>', 'verify this NDJSON export instead, without a data directory')
    .option('--key <file>', 'a public key to trust, from elsewhere than the log (repeatable)', collect)
    .option('--anchor <file>', 'what an anchor kept: the log must still hold these checkpoints (repeatable)', collect);
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: ok, records, checkpoints, uncovered, retainedFrom, findings')
    .addHelpText(
      'after',
      `
Ends with 1 when something is not as it was written.

Examples:
  $ chatelaine audit verify --data-dir /var/lib/chatelaine
  $ chatelaine audit verify --anchor /mnt/worm/chatelaine-checkpoints
  $ chatelaine audit verify --export audit.ndjson --key audit-public-key.pem`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const report = await verify(options, context, command);
      context.stdout.write(options.json === true ? jsonLine(report) : describeReport(report));
      if (!report.ok) throw new QuietEnd(EXIT.failure);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

async function verify(options: VerifyCommandOptions, context: CliContext, command: Command): Promise<VerifyReport> {
  if (options.export !== undefined) return await verifyExport(options.export, options, context);
  const server = options.server ?? (context.env['CHATELAINE_SERVER'] || undefined);
  // What speaks for the server must not come by way of the server.
  if (server !== undefined && options.anchor !== undefined)
    command.error("error: option '--anchor' needs the log or an export of it here, not '--server'");
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
    const anchors = await readAnchorFiles(options.anchor ?? []);
    const total = last?.body.writers.reduce((sum, { count }) => sum + count, 0);
    const latest = async (): Promise<number> => (await lastCheckpoint(store))?.body.number ?? 0;
    return await watched(logStream(store), { installation: store.installation, keys, anchors, latest }, total, context);
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
  const anchors = await readAnchorFiles(options.anchor ?? []);
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Infinity });
  try {
    const { installation, items } = await readNdjson(lines);
    return await watched(items, { installation, keys, anchors }, undefined, context);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code?.startsWith('E') !== true) throw cause;
    throw cliError('FILE_UNUSABLE', `\`${file}\` cannot be read: ${code}`, { cause });
  } finally {
    input.destroy();
  }
}

/** The checkpoints of all of them. Throws `FILE_UNUSABLE`, and `AUDIT_DAMAGED` for a file without one. */
async function readAnchorFiles(files: readonly string[]): Promise<readonly SignedCheckpoint[]> {
  const anchors: SignedCheckpoint[] = [];
  if (files.length === 0) return anchors;
  const [{ open }, { readAnchors }, { cliError }] = await Promise.all([
    import('node:fs/promises'),
    import('#audit'),
    import('../errors.ts'),
  ]);
  for (const file of files) {
    try {
      const opened = await open(file);
      anchors.push(...(await readAnchors(opened.readLines())));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code?.startsWith('E') !== true) throw cause;
      throw cliError('FILE_UNUSABLE', `\`${file}\` cannot be read: ${code}`, { cause });
    }
  }
  return anchors;
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
