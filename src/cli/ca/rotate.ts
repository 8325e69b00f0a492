import { Argument } from 'commander';
import type { RotationStep } from '#tls';
import type { InstallCommands } from '../context.ts';
import { dataDirectoryOption } from '../data-directory.ts';
import { jsonLine } from '../print.ts';
import { folderOption, openFolder, sameFolder, type FolderOptions } from './folder.ts';
import { listed, toJson } from './list.ts';

interface RotateOptions extends FolderOptions {
  readonly force?: true;
}

/** What comes next; `where` is the option that names the authority. */
const NEXT: Readonly<Record<RotationStep, (where: string) => string>> = {
  prepare: (where) =>
    `Give the new bundle to everybody who verifies (\`chatelaine ca bundle${where}\`), then \`chatelaine ca rotate activate${where}\`.`,
  activate: (where) =>
    `The new authority issues from now on. When what the previous one issued has expired: \`chatelaine ca rotate retire${where}\`.`,
  retire: (where) =>
    `The previous authority is gone. Give the bundle to everybody who verifies once more (\`chatelaine ca bundle${where}\`).`,
};

export const addCaRotate: InstallCommands = (ca, context) => {
  ca.command('rotate')
    .description('put a new authority in the place of the old one, without a moment in which somebody fails')
    .addArgument(new Argument('<step>', 'in this order').choices(['prepare', 'activate', 'retire']))
    .option('--force', 'retire although certificates of the previous authority can still be in use')
    .addOption(folderOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"authorities": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine ca rotate prepare')
    .action(async (step: RotationStep, options: RotateOptions) => {
      const folder = await openFolder(options);
      const authorities = folder.rotate(step, context.clock.now(), options.force === true);
      context.stdout.write(
        options.json === true
          ? jsonLine({ authorities: authorities.map(toJson) })
          : `${listed(authorities)}\n${NEXT[step](sameFolder(options))}\n`,
      );
    });
};
