import { resolve } from 'node:path';
import { Option } from 'commander';
import { reveal } from '#kernel';
import type { InstallCommands } from '../context.ts';
import { dataDirectoryOption } from '../data-directory.ts';
import { isoMoment, jsonLine } from '../print.ts';
import { folderOption, lifetime, openFolder, type FolderOptions } from './folder.ts';

interface IssueOptions extends FolderOptions {
  readonly spiffeId?: string;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly lifetime: number;
  readonly out: string;
}

const DAY_MS = 86_400_000;

export const addCaIssue: InstallCommands = (ca, context) => {
  ca.command('issue')
    .description('issue a certificate with a new key; again to renew it, running servers follow the files')
    .option('--spiffe-id <id>', 'the SPIFFE ID of a workload, such as an agent')
    .option('--dns <name>', 'a DNS name it is for (repeatable)', collect, [])
    .option('--ip <address>', 'an address it is for (repeatable)', collect, [])
    .addOption(
      new Option('--lifetime <duration>', 'how long it is valid, 90d at most')
        .argParser(lifetime)
        .default(DAY_MS, '24h'),
    )
    .requiredOption('--out <path>', 'writes PATH.crt and PATH.key (mode 0600), in the place of those that are there')
    .addOption(folderOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: certificate, key, serial, expiresAt')
    .addHelpText(
      'after',
      `
Examples:
  $ chatelaine ca issue --dns tools.example.com --lifetime 30d --out /etc/chatelaine/server
  $ chatelaine ca issue --spiffe-id spiffe://prod.example.com/agent/booking --out booking`,
    )
    .action(async (options: IssueOptions) => {
      const { replaceFile, KEY_MODE, CERTIFICATE_MODE } = await (await import('#tls')).loadCertificateAuthority();
      const folder = await openFolder(options);
      const { spiffeId, dns, ip, lifetime: lifetimeMs } = options;
      const issued = folder.issue({ spiffeId, dnsNames: dns, addresses: ip, lifetimeMs }, context.clock.now());
      const [certificate, key] = [resolve(`${options.out}.crt`), resolve(`${options.out}.key`)];
      replaceFile(key, reveal(issued.key), KEY_MODE);
      replaceFile(certificate, issued.cert, CERTIFICATE_MODE);
      const { serial } = issued;
      const expiresAt = isoMoment(issued.notAfter);
      context.stdout.write(
        options.json === true
          ? jsonLine({ certificate, key, serial, expiresAt })
          : `${certificate}\n${key}\nSerial ${serial}, expires ${expiresAt}.\n`,
      );
    });
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
