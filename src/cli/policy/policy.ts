import { Option, type Command } from 'commander';
import { addApiOptions, type ApiOptions } from '../api/index.ts';
import type { CliContext } from '../context.ts';
import { table, toSeconds } from '../print.ts';

/** A policy as the API shows it. */
export interface Policy {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly origin: 'kept' | 'declared';
  readonly priority: number;
  readonly description: string;
  readonly cedar: string;
  readonly form: unknown;
  readonly shadow: boolean;
  readonly enabled: boolean;
  readonly version: number | null;
  readonly reason: string | null;
  readonly author: string | null;
  readonly changedAt: string | null;
}

/** Where a policy is. */
export interface PlaceOptions extends ApiOptions {
  readonly namespace: string;
  readonly everywhere?: true;
  readonly json?: true;
}

export interface ChangeOptions extends PlaceOptions {
  readonly reason?: string;
}

export function addPlaceOptions(command: Command, context: CliContext): Command {
  command
    .addOption(new Option('--namespace <name>', 'its namespace').default('default'))
    .option('--everywhere', 'it is of no namespace, and called */NAME');
  return addApiOptions(command, context);
}

export const withName = (command: Command): Command => command.argument('<name>', 'the policy, by its name');

export const namespaceOf = ({ namespace, everywhere }: PlaceOptions): string => (everywhere === true ? '*' : namespace);

export const statusOf = ({ enabled, shadow }: Pick<Policy, 'enabled' | 'shadow'>): string =>
  enabled ? (shadow ? 'shadow' : 'in force') : 'disabled';

export const describePolicies = (policies: readonly Policy[]): string =>
  table(
    ['POLICY', 'PRIORITY', 'STATUS', 'VERSION', 'CHANGED', 'DESCRIPTION'],
    policies.map((policy) => [
      policy.id,
      String(policy.priority),
      statusOf(policy),
      policy.version === null ? 'declared' : String(policy.version),
      toSeconds(policy.changedAt) ?? '-',
      policy.description,
    ]),
  );

/** One policy whole: the facts as comments of Cedar, so that the output is a file that can be put again. */
export function describePolicy(policy: Policy): string {
  const { version, changedAt, author, reason } = policy;
  const said = version === null ? 'declared in a file' : `version ${version}, ${toSeconds(changedAt)}, by ${author}`;
  const lines = [
    `// ${policy.id}: ${statusOf(policy)}, priority ${policy.priority}, ${said}`,
    ...(reason === null || reason === '' ? [] : [`// Reason: ${oneLine(reason)}`]),
    ...(policy.description === '' ? [] : [`// ${oneLine(policy.description)}`]),
  ];
  return `${lines.join('\n')}\n${policy.cedar.trimEnd()}\n`;
}

/** A line break would end the comment. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ');
