import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addFilters, filterOf } from './filters.ts';

interface EvidenceCommandOptions extends ApiOptions {
  readonly out: string;
  readonly opened?: true;
  readonly json?: true;
}

export const addAuditEvidence: InstallCommands = (audit, context) => {
  const command = audit
    .command('evidence')
    .description('write a folder with the records of an incident and what proves each, for others to verify')
    .requiredOption('--out <dir>', 'the folder; must not exist')
    .option('--opened', 'add the records with what is personal; an erasure does not reach it there');
  addFilters(command);
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: the manifest')
    .addHelpText(
      'after',
      `
Every filter that is given must hold. Whoever gets the folder verifies it with \`audit verify-evidence\` and a
public key from elsewhere. It is on record who asked.

Example:
  $ chatelaine audit evidence --out incident-7 --actor 06bxk2m9q4zv7c1n8hj3t5w0y2 --from 2026-11-01T00:00:00Z`,
    )
    .action(async (options: EvidenceCommandOptions & Readonly<Record<string, unknown>>) => {
      const [{ join }, { readFileSync }, { unpackEvidence, readManifest }, { progressLine }, { cliError }] =
        await Promise.all([
          import('node:path'),
          import('node:fs'),
          import('#audit').then(({ loadEvidenceFolder }) => loadEvidenceFolder()),
          import('../progress.ts'),
          import('../errors.ts'),
        ]);
      const { out, opened } = options;
      const { show, done } = progressLine(context.stderr, () => context.clock.now());
      try {
        const unpacked = await withApi(context, options, async (api) => {
          show?.('finding and proving', 0);
          const query = { ...filterOf(options), ...(opened === true && { opened: 'true' }) };
          return await api.stream('/audit/evidence', query, (pieces) =>
            unpackEvidence(pieces, out, (bytes) => show?.('writing', bytes)).catch((cause: unknown) => {
              const { code, syscall } = cause as NodeJS.ErrnoException;
              if (syscall === undefined) throw cause;
              throw cliError('FILE_UNUSABLE', `\`${out}\` cannot be written: ${code}`, { cause });
            }),
          );
        });
        done();
        const manifest = unpacked.ok ? readManifest(readFileSync(join(out, 'manifest.json'), 'utf8')) : undefined;
        if (manifest === undefined) {
          throw cliError(
            'SERVER_UNEXPECTED',
            `the archive cannot be used: ${unpacked.ok ? 'no manifest' : unpacked.error}`,
          );
        }
        const { records, uncovered } = manifest;
        const lately =
          uncovered === 0 ? '' : ` ${uncovered} more are too new to be proven; ask again in a minute for them.`;
        const text = `${records} records and what proves them are in \`${out}\`.${lately}\n`;
        context.stdout.write(options.json === true ? jsonLine(manifest) : text);
      } finally {
        done();
      }
    });
};

interface VerifyEvidenceOptions {
  readonly key: readonly string[];
  readonly json?: true;
}

export const addAuditVerifyEvidence: InstallCommands = (audit, context) => {
  audit
    .command('verify-evidence')
    .description('check a folder of evidence with nothing but a public key: no log, no server, no network')
    .argument('<dir>', 'the folder')
    .requiredOption('--key <file>', 'the public key, as `audit public-key` prints it (repeatable)', collect)
    .option('--json', 'print one line of JSON: the manifest')
    .addHelpText(
      'after',
      `
The key must come from elsewhere than the folder: one that it brings along proves nothing.

Example:
  $ chatelaine audit verify-evidence incident-7 --key audit-public-key.pem`,
    )
    .action(async (directory: string, options: VerifyEvidenceOptions) => {
      const [{ verifyEvidence }, { readKeys }, { cliError }] = await Promise.all([
        import('#audit').then(({ loadEvidenceFolder }) => loadEvidenceFolder()),
        import('./keys.ts'),
        import('../errors.ts'),
      ]);
      const keys = readKeys(options.key) ?? new Map<string, never>();
      const verified = await verifyEvidence(directory, keys).catch((cause: unknown) => {
        const { code, syscall } = cause as NodeJS.ErrnoException;
        if (syscall === undefined) throw cause;
        throw cliError('FILE_UNUSABLE', `\`${directory}\` cannot be read: ${code}`, { cause });
      });
      if (!verified.ok) throw cliError('EVIDENCE_PROVES_NOTHING', `\`${directory}\`: ${verified.error}`);
      const { records, madeAt, installation } = verified.value;
      const text = `The evidence proves ${records} records of the installation ${installation}; it was made at ${madeAt}.\n`;
      context.stdout.write(options.json === true ? jsonLine(verified.value) : text);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
