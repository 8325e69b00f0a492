import type { CliContext, InstallCommands } from '../context.ts';
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
    .option('--json', 'print one line of JSON: server, expiresAt (null: renewed while it is used)')
    .addHelpText('after', '\nExample:\n  $ chatelaine login --server https://tools.example.com')
    .action(async (options: LoginOptions) => {
      const [{ checkServer }, { keepCredential, readCredential }, { alone, revoke }] = await Promise.all([
        import('../api/http-transport.ts'),
        import('./credentials.ts'),
        import('./access-token.ts'),
      ]);
      const { env } = context;
      const server = checkServer(options.server ?? env['CHATELAINE_SERVER'] ?? '');
      const credential = await signedIn(server, context);
      const [before, file] = await alone(env, async () => [
        readCredential(env, server),
        keepCredential(env, server, credential),
      ]);
      // Nobody has what it replaces any more.
      if (before !== undefined) await revoke(before);
      // Tokens are renewed while they are used: when the first one ends says nothing.
      const expiresAt = 'issuer' in credential ? null : credential.expiresAt;
      const until = expiresAt === null ? '' : ` until ${expiresAt}`;
      const text = `Signed in at ${server}${until}. The credential lies in ${file}.\n`;
      context.stdout.write(options.json === true ? jsonLine({ server, expiresAt }) : text);
    });

  program
    .command('logout')
    .description('end the sign-in at a server, and forget its credential')
    .option('--server <url>', 'the server (or CHATELAINE_SERVER)')
    .option('--json', 'print one line of JSON: server, forgotten, revoked')
    .addHelpText('after', '\nExample:\n  $ chatelaine logout --server https://tools.example.com')
    .action(async (options: LoginOptions) => {
      const [{ checkServer }, { forgetCredential, readCredential }, { alone, revoke }] = await Promise.all([
        import('../api/http-transport.ts'),
        import('./credentials.ts'),
        import('./access-token.ts'),
      ]);
      const { env } = context;
      const server = checkServer(options.server ?? env['CHATELAINE_SERVER'] ?? '');
      const [kept, forgotten] = await alone(env, async () => [
        readCredential(env, server),
        forgetCredential(env, server),
      ]);
      const revoked = kept !== undefined && (await revoke(kept));
      const text = !forgotten
        ? `There was no credential for ${server}.\n`
        : revoked
          ? `Signed out at ${server}.\n`
          : `The credential for ${server} is forgotten. It may still count there: \`session end\` or \`token-session end\` ends it.\n`;
      context.stdout.write(options.json === true ? jsonLine({ server, forgotten, revoked }) : text);
    });
};

/** By the authorization server of the server where it has one, else by a session of the server itself. */
async function signedIn(server: string, { stderr, clock }: CliContext) {
  const [{ findResource }, { signInByCode }, { signIn }, { hostname }] = await Promise.all([
    import('./authorization-server.ts'),
    import('./device-flow.ts'),
    import('./sign-in.ts'),
    import('node:os'),
  ]);
  const show = (code: string, page: string, whole: string): void =>
    void stderr.write(`Open ${page} and enter the code\n\n  ${code}\n\nor open ${whole}\n\nWaiting …\n`);
  const resource = await findResource(server);
  if (resource !== undefined) return await signInByCode(resource, show, () => clock.now());
  return await signIn(server, `chatelaine on ${hostname()}`, show);
}
