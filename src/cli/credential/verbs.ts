import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import { parseToolName, type ToolName } from '../tool-name.ts';
import { describeCredentials, type Credential } from './credential.ts';

interface RequestOptions extends ApiOptions {
  readonly scope?: readonly string[];
  readonly for?: string;
  readonly json?: true;
}

interface Vended {
  readonly credential: Credential;
  readonly token: string;
  readonly resource: string;
}

export const addCredentialRequest: InstallCommands = (credential, context) => {
  const command = credential
    .command('request')
    .description('ask for a short-lived credential for one tool; a policy has to permit it')
    .argument('<tool>', 'the tool: namespace/name, or its name in the namespace default', parseToolName)
    .option(
      '--scope <scope>',
      'read, execute or a scope of the tool (repeatable; default: all that can be had)',
      collect,
    )
    .option('--for <duration>', 'how long it counts, such as 5m: an hour at most (default: 15m)');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, token, resource, scopes, expiresAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine credential request travel/book --scope execute --for 5m')
    .action(async (tool: ToolName, options: RequestOptions) => {
      const [{ parseDuration }, { at }] = await Promise.all([import('#kernel'), import('../api/client.ts')]);
      const durationMs = options.for === undefined ? undefined : parseDuration(options.for);
      if (options.for !== undefined && durationMs === undefined) {
        command.error(`error: option '--for ${options.for}' is not a duration such as 5m`);
      }
      const vended = await withApi(context, options, (api) =>
        api.post<Vended>(at`/tools/${tool.namespace}/${tool.name}/access`, {
          ...(options.scope !== undefined && { scopes: options.scope }),
          ...(durationMs !== undefined && { durationSeconds: durationMs / 1000 }),
        }),
      );
      const { credential: made, token, resource } = vended;
      const json = { id: made.id, token, resource, scopes: made.scopes, expiresAt: toSeconds(made.expiresAt) };
      context.stdout.write(options.json === true ? jsonLine(json) : describeVended(vended));
    });
};

const describeVended = ({ credential, token, resource }: Vended): string =>
  `A credential for \`${credential.tool}\`, until ${toSeconds(credential.expiresAt)}:

  ${token}

It is shown this once. It counts at ${resource}/invoke and at /mcp of the same server.
Scopes: ${credential.scopes.join(', ')}. Take it back with \`chatelaine credential revoke ${credential.id}\`.
`;

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly tool?: string;
  readonly all?: true;
  readonly json?: true;
}

export const addCredentialList: InstallCommands = (credential, context) => {
  const command = credential
    .command('list')
    .description('show your own credentials, and all of the namespaces that you administer')
    .option('--namespace <name>', 'only those for tools of this namespace')
    .option('--tool <name>', 'only those for tools of this name')
    .option('--all', 'those that are over or revoked too');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"credentials": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine credential list --tool book')
    .action(async ({ namespace, tool, all, json, ...options }: ListOptions) => {
      const query = { namespace, tool, state: all === true ? 'all' : 'active' };
      const credentials = await withApi(context, options, (api) => api.all<Credential>('/credentials', query));
      const text = credentials.length === 0 ? 'There is no credential.\n' : describeCredentials(credentials);
      context.stdout.write(json === true ? jsonLine({ credentials }) : text);
    });
};

export const addCredentialRevoke: InstallCommands = (credential, context) => {
  const command = credential
    .command('revoke')
    .description('take a credential back, and all that were made from it; servers follow within a second')
    .argument('<id>', 'the id, as `credential list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print the credential as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine credential revoke 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, options: ApiOptions & { readonly json?: true }) => {
      const { at } = await import('../api/client.ts');
      const { body } = await withApi(context, options, (api) =>
        api.ask<Credential>({ method: 'DELETE', path: at`/credentials/${id}` }),
      );
      context.stdout.write(options.json === true ? jsonLine(body) : `The credential ${body.id} is revoked.\n`);
    });
};

interface Validation {
  readonly valid: boolean;
  readonly tool_id?: string;
  readonly agent_id?: string;
  readonly expires_at?: string;
  readonly scopes?: readonly string[];
}

export const addCredentialValidate: InstallCommands = (credential, context) => {
  const command = credential
    .command('validate')
    .description('say whether a credential counts, for who publishes its tool; the token is read from standard input')
    .option('--scope <scope>', 'that it has this scope as well');
  addApiOptions(command, context)
    .option('--json', 'print what is known of it as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine credential validate --server https://tools.example < token')
    .action(async (options: ApiOptions & { readonly scope?: string; readonly json?: true }) => {
      const [{ reveal }, { cliError }] = await Promise.all([import('#kernel'), import('../errors.ts')]);
      const token = await context.readSecret();
      if (token === undefined || reveal(token) === '') throw cliError('VALUE_MISSING', 'no token was given');
      const { scope } = options;
      const said = await withApi(context, options, (api) =>
        api.post<Validation>('/credentials/validate', {
          token: reveal(token),
          ...(scope !== undefined && { scope }),
        }),
      );
      context.stdout.write(options.json === true ? jsonLine(said) : describeValidation(said));
    });
};

const describeValidation = ({ valid, tool_id: tool, agent_id: holder, expires_at: end, scopes = [] }: Validation) =>
  valid
    ? `It counts for \`${tool}\` until ${toSeconds(end ?? null)}: held by ${holder}, with ${scopes.join(', ')}.\n`
    : 'It does not count here.\n';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
