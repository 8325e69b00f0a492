import { resolve } from 'node:path';
import type { InstallCommands } from '../context.ts';
import { dataDirectoryOption } from '../data-directory.ts';
import { jsonLine } from '../print.ts';
import { folderOption, openFolder, type FolderOptions } from './folder.ts';
import { listed, toJson } from './list.ts';

interface BundleOptions extends FolderOptions {
  readonly out?: string;
}

export const addCaBundle: InstallCommands = (ca, context) => {
  ca.command('bundle')
    .description('print the certificates that others should trust, PEM; during a rotation, of both authorities')
    .option('--out <file>', 'write them there instead, in the place of what is there')
    .addOption(folderOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"bundle": PEM, "authorities": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine ca bundle --out /etc/chatelaine/agents-ca.pem')
    .action(async (options: BundleOptions) => {
      const { replaceFile, CERTIFICATE_MODE } = await (await import('#tls')).loadCertificateAuthority();
      const folder = await openFolder(options);
      const bundle = folder.bundle();
      if (options.out !== undefined) replaceFile(resolve(options.out), bundle, CERTIFICATE_MODE);
      if (options.json === true) context.stdout.write(jsonLine({ bundle, authorities: folder.list().map(toJson) }));
      else if (options.out === undefined) context.stdout.write(bundle);
      else context.stdout.write(`${resolve(options.out)}\n${listed(folder.list())}`);
    });
};
