import { Option } from 'commander';
import { dataDirectoryOption, type DataDirectoryOptions, type InstallCommands } from '#cli';
import type { LogLevel } from '#kernel';
import { LOG_LEVELS, wholeNumber } from '../serve/serve-command.ts';

export interface ProxyOptions extends DataDirectoryOptions {
  readonly upstream?: string;
  readonly env?: readonly string[];
  readonly resource?: string;
  readonly issuer?: string;
  readonly issuerCa?: string;
  readonly audience?: string;
  readonly exchange?: string;
  readonly upstreamName?: string;
  readonly header?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly workloadApi?: string;
  readonly serverSpiffeId?: string;
  readonly owner?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsTerminatedBy?: string;
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
  readonly configs?: string;
  readonly configFolder?: string;
  readonly hostKeys?: string;
  readonly reload: boolean;
  readonly logLevel?: LogLevel;
}

export const installProxy: InstallCommands = (program, context) => {
  program
    .command('proxy')
    .description('stand in front of one MCP server: verify tokens, decide, record, exchange, pass on')
    .argument('[command...]', 'after `--`: the program of the MCP server, and its arguments')
    .option('--upstream <url>', 'where the MCP server is, instead of a command')
    .option('--env <name>', 'a variable of the environment that the command gets (repeatable)', collect)
    .option('--resource <url>', 'what clients know the proxy as: a URL that ends in /mcp')
    .option('--issuer <url>', 'the authorization server whose tokens open it')
    .option('--issuer-ca <file>', 'the authorities that vouch for the issuer (default: those of the system)')
    .option('--audience <text>', 'what `aud` of tokens must be (default: the resource)')
    .option('--exchange <url>', 'the internal listener of the authorization server, for tokens of upstreams')
    .option('--upstream-name <name>', 'with --exchange: the upstream whose token of the caller is sent')
    .option('--header <name>', 'with --exchange: the header it is sent in (default: Authorization)')
    .option('--cert <file>', 'with --exchange: our certificate, with the SPIFFE ID of the owner')
    .option('--key <file>', 'with --exchange: its private key')
    .option('--ca <file>', 'with --exchange: the authorities that vouch for the listener')
    .option(
      '--workload-api <address>',
      'with --exchange: a SPIFFE Workload API, for what --cert, --key and --ca leave out',
    )
    .option('--server-spiffe-id <id>', 'with --exchange: who the listener is (default: who has the name of its host)')
    .option('--owner <namespace/name>', 'with --exchange: who we are (default: as the certificate says)')
    .option('--tls-cert <file>', 'the certificate of our own listener')
    .option('--tls-key <file>', 'its private key')
    .option('--tls-terminated-by <name>', 'what speaks TLS in front of us instead')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any free one (default: 7420)', wholeNumber)
    .option('--config <file>', 'policies, limits and the rest, one YAML file')
    .option('--configs <files>', 'several files, separated by commas')
    .option('--config-folder <folder>', 'every .yaml and .yml file of a folder')
    .option('--host-keys <folder>', 'the keys that all hosts of one PostgreSQL have, for a data directory without')
    .option('--no-reload', 'do not watch the configuration for changes')
    .addOption(
      new Option('--log-level <level>', 'the least severe level that is written (default: info)').choices(LOG_LEVELS),
    )
    .addOption(dataDirectoryOption(context))
    .addHelpText(
      'after',
      `
Without a configuration whoever has a token of the issuer for the resource may call; with one its policies decide, and
without any nobody calls. What clients send as credentials never goes further. With neither a server nor --resource and
--issuer all of it stands in the configuration.

Examples:
  $ chatelaine proxy --upstream http://127.0.0.1:9000/mcp --resource https://flights.example/mcp --issuer https://login.example
  $ chatelaine proxy --resource http://localhost:7420/mcp --issuer https://login.example -- /opt/mcp/weather --units metric`,
    )
    .action(async (command: readonly string[], options: ProxyOptions) => {
      const { proxy } = await import('./proxy.ts');
      await proxy(command, options, context);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
