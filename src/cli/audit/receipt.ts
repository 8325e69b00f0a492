import type { Receipt } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import { dataDirectoryOption, type DataDirectoryOptions } from '../data-directory.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

export const addAuditReceipt: InstallCommands = (audit, context) => {
  const command = audit
    .command('receipt')
    .description('print the receipt of a record: it, and the proof that it is in the log')
    .argument('<id>', 'the id of the record, as `audit query` shows it');
  addApiOptions(command, context)
    .addHelpText('after', '\nExample:\n  $ chatelaine audit receipt 06bxk2m9q4zv7c1n8hj3t5w0y2 > receipt.json')
    .action(async (id: string, options: ApiOptions) => {
      const { at } = await import('../api/client.ts');
      const path = `${at`/audit/records/${id}`}/receipt`;
      context.stdout.write(jsonLine(await withApi(context, options, (api) => api.get<Receipt>(path))));
    });
};

export const addAuditPublicKey: InstallCommands = (audit, context) => {
  const command = audit
    .command('public-key')
    .description('print the key that receipts, checkpoints and exports are verified with, as PEM');
  addApiOptions(command, context)
    .addHelpText('after', '\nExample:\n  $ chatelaine audit public-key > audit-public-key.pem')
    .action(async (options: ApiOptions) => {
      const { pem } = await withApi(context, options, (api) => api.get<{ readonly pem: string }>('/audit/public-key'));
      context.stdout.write(pem);
    });
};

interface VerifyReceiptOptions extends DataDirectoryOptions {
  readonly key: readonly string[];
  readonly json?: true;
}

export const addAuditVerifyReceipt: InstallCommands = (audit, context) => {
  audit
    .command('verify-receipt')
    .description('check a receipt with nothing but a public key: no log, no server, no network')
    .argument('<file>', 'the receipt')
    .requiredOption('--key <file>', 'the public key, as `audit public-key` prints it (repeatable)', collect)
    .addOption(dataDirectoryOption(context).hideHelp())
    .option('--json', 'print the record that is proved as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine audit verify-receipt receipt.json --key audit-public-key.pem')
    .action(async (file: string, options: VerifyReceiptOptions) => {
      const [{ readFileSync }, { verifyReceipt }, { readKeys }, { cliError }] = await Promise.all([
        import('node:fs'),
        import('#audit'),
        import('./keys.ts'),
        import('../errors.ts'),
      ]);
      let receipt: unknown;
      try {
        receipt = JSON.parse(readFileSync(file, 'utf8'));
      } catch (cause) {
        throw cliError('FILE_UNUSABLE', `\`${file}\` is not a file of JSON`, { cause });
      }
      const keys = readKeys(options.key) ?? new Map<string, never>();
      const verified = verifyReceipt(receipt, keys);
      if (!verified.ok) throw cliError('RECEIPT_PROVES_NOTHING', verified.error);
      const { id, time, type, outcome } = verified.value;
      context.stdout.write(
        options.json === true
          ? jsonLine(verified.value)
          : `The receipt proves the record ${id}: ${type}, ${outcome}, at ${time}.\n`,
      );
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
