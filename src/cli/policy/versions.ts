import { withApi } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import {
  addPlaceOptions,
  describePolicies,
  namespaceOf,
  statusOf,
  withName,
  type ChangeOptions,
  type PlaceOptions,
  type Policy,
} from './policy.ts';

interface Version {
  readonly version: number;
  readonly priority: number;
  readonly cedar: string;
  readonly shadow: boolean;
  readonly enabled: boolean;
  readonly deleted: boolean;
  readonly reason: string;
  readonly author: string;
  readonly at: string;
}

export const addPolicyVersions: InstallCommands = (policy, context) => {
  const command = policy.command('versions').description('show what a policy said and when, who wrote it and why');
  addPlaceOptions(withName(command), context)
    .option('--json', 'print one line of JSON: {"versions": […]}, with the rules of each')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy versions office-hours')
    .action(async (name: string, options: PlaceOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/policies/${namespaceOf(options)}/${name}/versions`;
      const versions = await withApi(context, options, async (api) => {
        const all: Version[] = [];
        let before: string | undefined;
        do {
          const page: { items: Version[]; next?: number } = await api.get(path, { before });
          all.push(...page.items);
          before = page.next?.toString();
        } while (before !== undefined);
        return all;
      });
      const rows = versions.map((one) => [
        String(one.version),
        one.deleted ? 'deleted' : statusOf(one),
        String(one.priority),
        toSeconds(one.at),
        one.author,
        one.reason,
      ]);
      const text = table(['VERSION', 'STATUS', 'PRIORITY', 'WRITTEN', 'BY', 'REASON'], rows);
      context.stdout.write(options.json === true ? jsonLine({ versions }) : text);
    });
};

export const addPolicyRestore: InstallCommands = (policy, context) => {
  const command = policy
    .command('restore')
    .description('let a policy say again what it said in one version, also one that was deleted');
  addPlaceOptions(withName(command).argument('<version>', 'its number'), context)
    .option('--reason <text>', 'why; it stays with the version and on record')
    .option('--json', 'print the policy as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy restore office-hours 3')
    .action(async (name: string, version: string, options: ChangeOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/policies/${namespaceOf(options)}/${name}/versions/${version}/restore`;
      const body = options.reason === undefined ? {} : { reason: options.reason };
      const restored = await withApi(context, options, (api) => api.post<Policy>(path, body));
      context.stdout.write(options.json === true ? jsonLine(restored) : describePolicies([restored]));
    });
};
