import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { databaseOption, dataDirectoryOption, type DatabaseOptions } from '../data-directory.ts';
import type { ApiClient, Transport } from './client.ts';

/** Where a command does its work: at a server, or in a data directory. */
export interface ApiOptions extends DatabaseOptions {
  readonly server?: string;
}

/** `--server`, `--data-dir` and `--config`, of every command that speaks to the API. */
export function addApiOptions(command: Command, context: CliContext): Command {
  return command
    .addOption(
      new Option(
        '--server <url>',
        'a running server to ask instead (or CHATELAINE_SERVER), with `chatelaine login` or CHATELAINE_KEY',
      ),
    )
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context));
}

/**
 * Speaks to the API for the length of `work`: to the server that is named, with the key of
 * `CHATELAINE_KEY` or the session of `chatelaine login`; else to the same routes in this process, over the data directory, as whoever may write in it.
 * Only commands that make something pass `create`: a mistyped directory must not come into being.
 *
 * Throws `CREDENTIAL_MISSING`, `SERVER_ADDRESS_REFUSED`, and as opening a data directory does.
 */
export async function withApi<Value>(
  context: CliContext,
  options: ApiOptions & { readonly create?: boolean; readonly tools?: boolean },
  work: (api: ApiClient) => Promise<Value>,
): Promise<Value> {
  const { ApiClient } = await import('./client.ts');
  const server = options.server ?? (context.env['CHATELAINE_SERVER'] || undefined);
  if (server !== undefined) return await work(new ApiClient(await toServer(server, context)));
  const local = await context.openApi({
    dataDir: options.dataDir,
    config: options.config,
    create: options.create === true,
    tools: options.tools,
  });
  try {
    return await work(new ApiClient(local.transport));
  } finally {
    await local.close();
  }
}

async function toServer(server: string, { env, clock }: CliContext): Promise<Transport> {
  const [{ Secret }, { cliError }, { checkServer, httpTransport }] = await Promise.all([
    import('#kernel'),
    import('../errors.ts'),
    import('./http-transport.ts'),
  ]);
  const origin = checkServer(server);
  const key = env['CHATELAINE_KEY'] || undefined;
  if (key !== undefined) return httpTransport(origin, new Secret(key));
  const { usableCredential } = await import('../login/access-token.ts');
  const credential = await usableCredential(env, origin, () => clock.now());
  if (credential === undefined)
    throw cliError('CREDENTIAL_MISSING', `there is no key for \`${origin}\`, and no session`);
  return httpTransport(origin, credential);
}
