import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import {
  addPlaceOptions,
  describePolicies,
  describePolicy,
  namespaceOf,
  withName,
  type PlaceOptions,
  type Policy,
} from './policy.ts';

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly tool?: string;
  readonly status?: string;
  readonly json?: true;
}

export const addPolicyList: InstallCommands = (policy, context) => {
  const command = policy
    .command('list')
    .description('show which policies there are')
    .option('--namespace <name>', 'only policies of this namespace; `*` for those of none')
    .option('--tool <namespace/name>', 'only policies that can be about this tool')
    .option('--status <status>', 'only those that are in-force, shadow or disabled');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"policies": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy list --tool default/city')
    .action(async ({ namespace, tool, status, ...options }: ListOptions) => {
      const policies = await withApi(context, options, (api) =>
        api.all<Policy>('/policies', { namespace, tool, status }),
      );
      const none = 'There is no such policy. Without one that permits a call, every call is denied.\n';
      const text = policies.length === 0 ? none : describePolicies(policies);
      context.stdout.write(options.json === true ? jsonLine({ policies }) : text);
    });
};

export const addPolicyShow: InstallCommands = (policy, context) => {
  addPlaceOptions(withName(policy.command('show').description('show one policy with its rules')), context)
    .option('--json', 'print the policy as one line of JSON, with its form where it has one')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy show declared-tools --everywhere')
    .action(async (name: string, options: PlaceOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/policies/${namespaceOf(options)}/${name}`;
      const shown = await withApi(context, options, (api) => api.get<Policy>(path));
      context.stdout.write(options.json === true ? jsonLine(shown) : describePolicy(shown));
    });
};
