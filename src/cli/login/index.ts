import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface LoginOptions {
  readonly server?: string;
  readonly json?: true;
}

/** `chatelaine login` and `chatelaine logout`: who the command line is at a server. */
export const installLoginCommands: InstallCommands = (program, context) => {
  program
    .command('login')
    .description('sign this command line in at a server, as you, by a code that you confirm in a browser')
    .option('--server <url>', 'the server (or CHATELAINE_SERVER)')
    .option('--json', 'print one line of JSON: server, expiresAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine login --server https://tools.example.com')
    .action(async (options: LoginOptions) => {
      const [{ checkServer }, { keepCredential }, { signIn }, { hostname }] = await Promise.all([
        import('../api/http-transport.ts'),
        import('./credentials.ts'),
        import('./sign-in.ts'),
        import('node:os'),
      ]);
      const server = checkServer(options.server ?? context.env['CHATELAINE_SERVER'] ?? '');
      const { credential, expiresAt } = await signIn(server, `chatelaine on ${hostname()}`, (code, page, whole) =>
        context.stderr.write(`Open ${page} and enter the code\n\n  ${code}\n\nor open ${whole}\n\nWaiting …\n`),
      );
      const file = keepCredential(context.env, server, credential, expiresAt);
      const text = `Signed in at ${server} until ${expiresAt}. The credential lies in ${file}.\n`;
      context.stdout.write(options.json === true ? jsonLine({ server, expiresAt }) : text);
    });

  program
    .command('logout')
    .description('forget the credential for a server; `session end` ends the session as well')
    .option('--server <url>', 'the server (or CHATELAINE_SERVER)')
    .option('--json', 'print one line of JSON: server, forgotten')
    .addHelpText('after', '\nExample:\n  $ chatelaine logout --server https://tools.example.com')
    .action(async (options: LoginOptions) => {
      const [{ checkServer }, { forgetCredential }] = await Promise.all([
        import('../api/http-transport.ts'),
        import('./credentials.ts'),
      ]);
      const server = checkServer(options.server ?? context.env['CHATELAINE_SERVER'] ?? '');
      const forgotten = forgetCredential(context.env, server);
      const text = forgotten
        ? `The credential for ${server} is forgotten.\n`
        : `There was no credential for ${server}.\n`;
      context.stdout.write(options.json === true ? jsonLine({ server, forgotten }) : text);
    });
};
