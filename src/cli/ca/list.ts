import type { IssuedCertificate, KnownAuthority } from '#tls';
import type { InstallCommands } from '../context.ts';
import { dataDirectoryOption } from '../data-directory.ts';
import { isoMoment, jsonLine, table } from '../print.ts';
import { folderOption, openFolder, type FolderOptions } from './folder.ts';

export const addCaList: InstallCommands = (ca, context) => {
  ca.command('list')
    .description('list the authorities, and the certificates issued that have not expired')
    .addOption(folderOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"authorities": […], "issued": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine ca list')
    .action(async (options: FolderOptions) => {
      const folder = await openFolder(options);
      const issued = folder.issued(context.clock.now());
      if (options.json === true) {
        context.stdout.write(jsonLine({ authorities: folder.list().map(toJson), issued: issued.map(issuedToJson) }));
        return;
      }
      context.stdout.write(listed(folder.list()));
      if (issued.length > 0) context.stdout.write(`\n${listedCertificates(issued)}`);
    });
};

export const toJson = ({ state, subject, serial, notAfter }: KnownAuthority) => ({
  state,
  subject,
  serial,
  expiresAt: isoMoment(notAfter),
});

export const listed = (authorities: readonly KnownAuthority[]): string =>
  table(
    ['STATE', 'EXPIRES', 'SUBJECT'],
    authorities.map(({ state, subject, notAfter }) => [state, isoMoment(notAfter), subject]),
  );

const issuedToJson = ({ serial, names, issuer, notAfter }: IssuedCertificate) => ({
  ...{ serial, names, issuer },
  expiresAt: isoMoment(notAfter),
});

const listedCertificates = (issued: readonly IssuedCertificate[]): string =>
  table(
    ['SERIAL', 'EXPIRES', 'NAMES'],
    issued.map(({ serial, notAfter, names }) => [serial, isoMoment(notAfter), names.join(' ')]),
  );
