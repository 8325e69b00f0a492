import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import { parseToolName, type ToolName } from '../tool-name.ts';
import { describeRequests, type AccessRequest } from './access-request.ts';

interface RequestOptions extends ApiOptions {
  readonly justification: string;
  readonly agent?: string;
  readonly policy?: string;
  readonly json?: true;
}

export const addAccessRequest: InstallCommands = (access, context) => {
  const command = access
    .command('request')
    .description('ask for access to a tool, for yourself or an agent that you answer for')
    .argument('<tool>', 'the tool: namespace/name, or its name in the namespace default', parseToolName)
    .requiredOption('--justification <text>', 'why, for whoever decides')
    .option('--agent <name>', 'the agent that is to have access (default: yourself)')
    .option('--policy <id>', 'the policy that you have in mind');
  addApiOptions(command, context)
    .option('--json', 'print the request as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine access request travel/book --justification "the trip to Bern"')
    .action(async (tool: ToolName, { justification, agent, policy, json, ...options }: RequestOptions) => {
      const { at } = await import('../api/client.ts');
      const asked = await withApi(context, options, (api) =>
        api.post<AccessRequest>(at`/tools/${tool.namespace}/${tool.name}/access/requests`, {
          justification,
          ...(agent !== undefined && { agent }),
          ...(policy !== undefined && { policy }),
        }),
      );
      context.stdout.write(json === true ? jsonLine(asked) : `The request ${asked.id} waits for its review.\n`);
    });
};

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly state?: string;
  readonly json?: true;
}

export const addAccessList: InstallCommands = (access, context) => {
  const command = access
    .command('list')
    .description('show your own requests, and all of the namespaces whose policies you write')
    .option('--namespace <name>', 'only those for tools of this namespace')
    .option('--state <state>', 'only those that are pending, approved, rejected or cancelled');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"requests": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine access list --state pending')
    .action(async ({ namespace, state, json, ...options }: ListOptions) => {
      const query = { namespace, state };
      const requests = await withApi(context, options, (api) => api.all<AccessRequest>('/access/requests', query));
      const text = requests.length === 0 ? 'There is no access request.\n' : describeRequests(requests);
      context.stdout.write(json === true ? jsonLine({ requests }) : text);
    });
};

interface ReviewOptions extends ApiOptions {
  readonly notes?: string;
  readonly until?: string;
  readonly json?: true;
}

const reviewing =
  (verb: 'approve' | 'reject'): InstallCommands =>
  (access, context) => {
    const command = access
      .command(verb)
      .description(verb === 'approve' ? 'give access: makes a policy that ends by itself' : 'refuse access')
      .argument('<id>', 'the id, as `access list` shows it')
      .option('--notes <text>', 'why, for whoever asked');
    if (verb === 'approve') {
      command.option('--until <moment>', 'when access ends, such as 2027-01-31T18:00:00Z (default: in 30 days)');
    }
    addApiOptions(command, context)
      .option('--json', 'print the request as one line of JSON')
      .addHelpText('after', `\nExample:\n  $ chatelaine access ${verb} 06bxk2m9q4zv7c1n8hj3t5w0y2`)
      .action(async (id: string, { notes, until, json, ...options }: ReviewOptions) => {
        const { at } = await import('../api/client.ts');
        const decided = await withApi(context, options, (api) =>
          api.post<AccessRequest>(at`/access/requests/${id}/${verb}`, {
            ...(notes !== undefined && { notes }),
            ...(until !== undefined && { expiresAt: until }),
          }),
        );
        context.stdout.write(json === true ? jsonLine(decided) : describeDecided(decided));
      });
  };

export const addAccessApprove = reviewing('approve');
export const addAccessReject = reviewing('reject');

const describeDecided = ({ tool, state, createdPolicy, accessEndsAt }: AccessRequest): string =>
  state === 'approved'
    ? `Access to \`${tool}\` is given until ${toSeconds(accessEndsAt)}, by the policy \`${createdPolicy}\`.\n`
    : `The request for \`${tool}\` is ${state}.\n`;

export const addAccessCancel: InstallCommands = (access, context) => {
  const command = access
    .command('cancel')
    .description('take a request back')
    .argument('<id>', 'the id, as `access list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print the request as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine access cancel 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, options: ApiOptions & { readonly json?: true }) => {
      const { at } = await import('../api/client.ts');
      const done = await withApi(context, options, (api) => api.post<AccessRequest>(at`/access/requests/${id}/cancel`));
      context.stdout.write(options.json === true ? jsonLine(done) : describeDecided(done));
    });
};
