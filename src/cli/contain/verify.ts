import type { CliContext } from '../context.ts';
import { jsonLine } from '../print.ts';

/** Checks the report of a file with nothing but public keys. Throws `FILE_UNUSABLE`, `RECEIPT_PROVES_NOTHING`. */
export async function verifyReportFile(
  context: CliContext,
  file: string,
  options: { readonly key?: readonly string[]; readonly json?: true },
): Promise<void> {
  const [{ readFileSync }, { loadContainmentReports }, { readKeys }, { cliError }] = await Promise.all([
    import('node:fs'),
    import('#registry'),
    import('../audit/keys.ts'),
    import('../errors.ts'),
  ]);
  let signed: unknown;
  try {
    signed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw cliError('FILE_UNUSABLE', `\`${file}\` is not a file of JSON`, { cause });
  }
  const { verifyContainment } = await loadContainmentReports();
  const verified = verifyContainment(signed, readKeys(options.key ?? []) ?? new Map<string, never>());
  if (!verified.ok) throw cliError('RECEIPT_PROVES_NOTHING', verified.error);
  const { kind, name, endedAt, processes, complete } = verified.value;
  const state = complete ? 'had confirmed' : 'had been waited for, and not all had confirmed';
  context.stdout.write(
    options.json === true
      ? jsonLine(verified.value)
      : `The report is as it was recorded: ${kind} \`${name}\`, ${processes.length} processes ${state} at ${endedAt}.\n`,
  );
}
