import { Option } from 'commander';
import type { InstallCommands } from '../context.ts';
import { dataDirectoryOption } from '../data-directory.ts';
import { isoMoment, jsonLine } from '../print.ts';
import { folderOption, lifetime, openFolder, sameFolder, type FolderOptions } from './folder.ts';

interface InitOptions extends FolderOptions {
  readonly name: string;
  readonly trustDomain?: string;
  readonly curve: 'P-256' | 'P-384';
  readonly lifetime: number;
}

const YEAR_MS = 365 * 86_400_000;

export const addCaInit: InstallCommands = (ca, context) => {
  ca.command('init')
    .description('make a certificate authority; its key stays in the folder, mode 0600')
    .option('--trust-domain <domain>', 'the SPIFFE trust domain it vouches for; none: DNS names and addresses alone')
    .option('--name <name>', 'shown as the issuer', 'Chatelaine CA')
    .addOption(new Option('--curve <curve>', 'of its key').choices(['P-256', 'P-384']).default('P-256'))
    .addOption(new Option('--lifetime <duration>', 'how long it is valid').argParser(lifetime).default(YEAR_MS, '365d'))
    .addOption(folderOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: subject, serial, expiresAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine ca init --trust-domain prod.example.com')
    .action(async (options: InitOptions) => {
      const folder = await openFolder(options);
      const { name, trustDomain, curve, lifetime: lifetimeMs } = options;
      const made = folder.init({ name, trustDomain, curve, lifetimeMs }, context.clock.now());
      const expiresAt = isoMoment(made.notAfter);
      context.stdout.write(
        options.json === true
          ? jsonLine({ subject: made.subject, serial: made.serial, expiresAt })
          : `The authority \`${made.subject}\` is made; it expires ${expiresAt}.
Give its certificate to whoever verifies: \`chatelaine ca bundle${sameFolder(options)} --out bundle.pem\`.\n`,
      );
    });
};
