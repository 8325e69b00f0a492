import { Option, type Command } from 'commander';

/** Options that give a value its form; the value itself comes by none of them. */
export interface ValueOptions {
  readonly kind: string;
  readonly username?: string;
  readonly clientId?: string;
  readonly certificate?: string;
  readonly file?: string;
  readonly value?: string;
}

const KINDS = ['api-key', 'basic', 'bearer', 'oauth-client', 'mtls', 'password'];

/** The options, and two that exist to be refused with their reason. */
export function addValueOptions(command: Command): Command {
  return command
    .argument('[value]', 'not here: see below')
    .addOption(new Option('--kind <kind>', 'what it is').choices(KINDS).makeOptionMandatory())
    .option('--username <name>', 'of the kind basic')
    .option('--client-id <id>', 'of the kind oauth-client')
    .option('--certificate <file>', 'of the kind mtls: the certificate, PEM; its private key is the value')
    .option('--file <path>', 'read the value from this file, without the line end at its end')
    .addOption(new Option('--value <value>').hideHelp());
}

export const VALUE_HELP = `
The value is read from standard input, from --file, or asked for on a terminal. It is never an
argument: every user of the machine sees the arguments of every process, and shells keep them.`;
